// usage: node check.js PROTO_DIR HOST:PORT QUERY -> the answer of CheckService.Check as JSON.
// Independent of Ronda's Python stubs: the contract is compiled by @grpc/proto-loader.
"use strict";
const path = require("path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const [protoDirectory, target, query] = process.argv.slice(2);
const definition = loader.loadSync(path.join(protoDirectory, "ronda/v1/check_service.proto"), {
  includeDirs: [protoDirectory],
  keepCase: true,
  enums: String,
  longs: Number,
  defaults: true,
  oneofs: true,
});
const { ronda } = grpc.loadPackageDefinition(definition);
const client = new ronda.v1.CheckService(target, grpc.credentials.createInsecure());
const deadline = new Date(Date.now() + 10000);
client.Check({ context: { purpose: "PURPOSE_TRAFFIC_STOP" }, query }, { deadline }, (error, response) => {
  client.close();
  if (error) {
    console.error(error.code, error.details);
    process.exitCode = 1;
    return;
  }
  console.log(JSON.stringify(response));
});
