// Locks and rate limiters that are scripts on the server. usage: locks.cjs PORT [cluster]
const assert = require("node:assert");
const { Cluster, Redis } = require("ioredis");
const redis = require("redis");
const Redlock = require("redlock");
const { BurstyRateLimiter, RateLimiterMemory, RateLimiterQueue, RateLimiterRedis } = require("rate-limiter-flexible");

const HOST = "127.0.0.1";
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function locks(client) {
  const redlock = new Redlock([client], { retryCount: 40, retryDelay: 25 });
  const hasty = new Redlock([client], { retryCount: 0 });
  const lock = await redlock.lock("{lock}:one", 2000);
  await assert.rejects(hasty.lock("{lock}:one", 2000), Redlock.LockError);
  await lock.extend(3000);
  assert(await client.pttl("{lock}:one") > 2000);
  await lock.unlock();
  await assert.rejects(hasty.unlock(lock), Redlock.LockError);
  const both = await redlock.lock(["{lock}:one", "{lock}:two"], 500);
  await assert.rejects(hasty.lock("{lock}:two", 500), Redlock.LockError);
  await both.unlock();
  let [inside, most, turns] = [0, 0, 0];
  const work = async () => {
    const held = await redlock.lock("{lock}:section", 5000);
    most = Math.max(most, ++inside);
    await pause(5);
    inside--;
    turns++;
    await held.unlock();
  };
  await Promise.all([...Array(8)].map(work));
  assert.deepEqual([most, turns], [1, 8]);
}

async function limiters(storeClient) {
  const limiter = new RateLimiterRedis({ storeClient, keyPrefix: "points", points: 5, duration: 3 });
  for (let left = 4; left >= 0; left--) assert.equal((await limiter.consume("user")).remainingPoints, left);
  const refused = await limiter.consume("user").catch((answer) => answer);
  assert(refused.msBeforeNext > 0 && refused.msBeforeNext <= 3000 && refused.remainingPoints === 0);
  await pause(refused.msBeforeNext + 20);
  assert.equal((await limiter.consume("user", 2)).remainingPoints, 3);
  assert.equal((await limiter.reward("user", 1)).consumedPoints, 1);
  assert.equal((await limiter.penalty("user", 3)).consumedPoints, 4);
  assert.equal((await limiter.get("user")).consumedPoints, 4);
  await limiter.block("user", 30);
  assert.equal((await limiter.get("user")).remainingPoints, 0);
  assert.equal(await limiter.delete("user"), true);
  assert.equal(await limiter.get("user"), null);
  const blocking = new RateLimiterRedis({
    storeClient, keyPrefix: "blocks", points: 2, duration: 30, blockDuration: 100, execEvenly: false,
    inMemoryBlockOnConsumed: 4, insuranceLimiter: new RateLimiterMemory({ points: 100, duration: 1 }),
  });
  await blocking.consume("k", 2);
  const blocked = await blocking.consume("k").catch((answer) => answer);
  assert(blocked.msBeforeNext > 50_000, `${blocked.msBeforeNext}`);
  const once = new RateLimiterRedis({ storeClient, keyPrefix: "gone", points: 10, duration: 0 });
  assert.equal((await once.consume("k")).msBeforeNext, -1);
  const bursty = new BurstyRateLimiter(
    new RateLimiterRedis({ storeClient, keyPrefix: "usual", points: 1, duration: 60 }),
    new RateLimiterRedis({ storeClient, keyPrefix: "burst", points: 2, duration: 60 }),
  );
  for (let n = 0; n < 3; n++) await bursty.consume("k");
  await assert.rejects(bursty.consume("k"));
  const queue = new RateLimiterQueue(new RateLimiterRedis({ storeClient, keyPrefix: "line", points: 2, duration: 1 }));
  const began = Date.now();
  await Promise.all([1, 2, 3].map(() => queue.removeTokens(1)));
  assert(Date.now() - began > 500);
  await Promise.all([...Array(100).keys()].map((n) => limiter.consume(`user ${n}`)));
}

async function main(port, cluster) {
  const client = cluster ? new Cluster([{ host: HOST, port }]) : new Redis({ host: HOST, port });
  await client.flushall();
  await locks(client);
  await limiters(client);
  client.disconnect();
  if (!cluster) {
    const other = redis.createClient({ url: `redis://${HOST}:${port}` });
    await other.connect();
    await other.flushAll();
    const limiter = new RateLimiterRedis({ storeClient: other, useRedisPackage: true, points: 1, duration: 5 });
    await limiter.consume("k");
    await assert.rejects(limiter.consume("k"));
    other.destroy();
  }
  console.log("redlock and rate-limiter-flexible");
}

main(Number(process.argv[2]), process.argv[3] === "cluster").then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
