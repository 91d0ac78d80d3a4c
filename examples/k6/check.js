// k6 run -e TARGET=HOST:PORT -e IDENTITY=PREFIX check.js: checks of persons without a pause, by a generator that nobody here wrote.
//
// IDENTITY: <prefix> of .pem, .key and .token; server-ca.pem lies beside them. QUESTIONS: a file of identifiers, one on each line.
// --vus 50 --duration 10s: fifty callers, each on a connection of its own. Ends with status 99 where an answer was none.
import { check } from "k6";
import exec from "k6/execution";
import grpc from "k6/net/grpc";

export const options = { thresholds: { checks: ["rate==1"] } };

const identity = __ENV.IDENTITY;
const directory = identity.slice(0, identity.lastIndexOf("/"));
const tls = { cacerts: [open(`${directory}/server-ca.pem`)], cert: open(`${identity}.pem`), key: open(`${identity}.key`) };
const metadata = { authorization: `Bearer ${open(`${identity}.token`).trim()}` };
const questions = __ENV.QUESTIONS ? open(__ENV.QUESTIONS).trim().split("\n") : ["8750313310502"];

const client = new grpc.Client();
client.load([__ENV.PROTO || "../../proto"], "ronda/v1/check_service.proto");

export default function () {
  if (exec.vu.iterationInInstance === 0) client.connect(__ENV.TARGET, { tls });
  const cui = questions[exec.scenario.iterationInTest % questions.length];
  const request = { context: { purpose: "PURPOSE_TRAFFIC_STOP" }, cui };
  const { status, message } = client.invoke("ronda.v1.CheckService/CheckPerson", request, { metadata });
  check(status, {
    OK: (code) => code === grpc.StatusOK,
    "a level": () => message !== null && message.answer.level.startsWith("LEVEL_"),
  });
}
