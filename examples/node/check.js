// npm ci; node check.js PROTO_DIR HOST:PORT IDENTITY QUERY. IDENTITY: <prefix> of .pem, .key and .token.
"use strict";
const { readFileSync } = require("node:fs");
const { randomUUID } = require("node:crypto");
const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const [protos, target, identity, query] = process.argv.slice(2);
const definition = loader.loadSync(path.join(protos, "ronda/v1/check_service.proto"), {
  includeDirs: [protos],
  keepCase: true,
  enums: String,
  defaults: true,
  oneofs: true,
});
const { ronda } = grpc.loadPackageDefinition(definition);
const tls = grpc.credentials.createSsl(
  readFileSync(path.join(path.dirname(identity), "server-ca.pem")),
  readFileSync(`${identity}.key`),
  readFileSync(`${identity}.pem`),
);
// The token is read for each call: whoever renews it writes the file anew.
const token = grpc.credentials.createFromMetadataGenerator((_, callback) => {
  const metadata = new grpc.Metadata();
  metadata.set("authorization", `Bearer ${readFileSync(`${identity}.token`, "ascii").trim()}`);
  callback(null, metadata);
});
const client = new ronda.v1.CheckService(target, grpc.credentials.combineChannelCredentials(tls, token), {
  // The same bytes with the same request_id count once.
  "grpc.service_config": JSON.stringify({
    methodConfig: [
      {
        name: [{ service: "ronda.v1.CheckService" }],
        retryPolicy: {
          maxAttempts: 4,
          initialBackoff: "0.1s",
          maxBackoff: "1s",
          backoffMultiplier: 2,
          retryableStatusCodes: ["UNAVAILABLE"],
        },
      },
    ],
  }),
});
const context = { purpose: "PURPOSE_TRAFFIC_STOP", request_id: randomUUID() };
client.Check({ context, query }, { deadline: new Date(Date.now() + 5000) }, (error, found) => {
  client.close();
  if (error) {
    console.error(grpc.status[error.code], error.details);
    process.exitCode = 1;
    return;
  }
  console.log(found.answer.level, found.answer.level === "LEVEL_CLEAR" ? "green" : "not green");
  for (const hit of found.answer.hits) console.log(hit.action.text);
});
