// Stores and reads back keys through ioredis's cluster client. usage: keys.cjs PORT COUNT (with ioredis in NODE_PATH)
const assert = require("node:assert");
const { Cluster } = require("ioredis");

async function main(port, count) {
  const client = new Cluster([{ host: "127.0.0.1", port }]);
  const numbers = [...Array(count).keys()];
  await Promise.all(numbers.map(async (n) => assert.equal(await client.set(`js:${n}`, `value ${n}`), "OK")));
  await Promise.all(numbers.map(async (n) => assert.equal(await client.get(`js:${n}`), `value ${n}`)));
  console.log(`ioredis: ${count} keys on ${client.nodes("master").length} nodes`);
  client.disconnect();
}

main(Number(process.argv[2]), Number(process.argv[3])).catch((error) => {
  console.error(error);
  process.exit(1);
});
