// The Taskcluster Auth service, both eras, as far as whclient asks it: checks Hawk with the package "hawk" from npm.
// hawk_server.js CREDENTIALS: a JSON object {id: {key, answers: [..]}}; prints its port; one JSON line per request.
// An answer that is a number is a status. OFFSET: seconds by which its clock is ahead.
const http = require("http");
const Hawk = require("hawk");

const clients = JSON.parse(process.argv[2]);
const offset = 1000 * Number(process.env.OFFSET || 0);
const server = http.createServer(async (request, response) => {
  const said = { url: request.url, header: request.headers.authorization };
  response.setHeader("Date", new Date(Date.now() + offset).toUTCString());
  try {
    const { credentials, artifacts } = await Hawk.server.authenticate(request, (id) => {
      const client = clients[id];
      return client && { id, key: client.key, algorithm: "sha256", client };
    }, { timestampSkewSec: 60, localtimeOffsetMsec: offset });
    said.ext = artifacts.ext;
    const { answers } = credentials.client;
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    response.setHeader("Content-Type", "application/json");
    if (typeof answer === "number") response.statusCode = answer;
    response.end(JSON.stringify(answer));
  } catch (error) {
    said.error = String(error.message);
    response.statusCode = 401;
    response.end("{}");
  }
  console.log(JSON.stringify(said));
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
