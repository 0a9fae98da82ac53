// Queues of BullMQ: its jobs move between states by scripts of the server. usage: bullmq.cjs PORT [cluster]
const assert = require("node:assert");
const { once } = require("node:events");
const { Cluster } = require("ioredis");
const { FlowProducer, Queue, QueueEvents, UnrecoverableError, Worker, DelayedError } = require("bullmq");

const HOST = "127.0.0.1";
const WAIT_MS = 8000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const clusters = [];

/** What a queue and all that belongs to it are opened with; a queue's keys share a hash tag, as a cluster demands. */
function options(port, cluster) {
  if (!cluster) return { connection: { host: HOST, port }, prefix: "{bull}" };
  const connection = new Cluster([{ host: HOST, port }], { redisOptions: { maxRetriesPerRequest: null } });
  clusters.push(connection);
  return { connection, prefix: "{bull}" };
}

class Bench {
  constructor(name, port, cluster) {
    this.name = name;
    this.open = () => options(port, cluster);
    this.queue = new Queue(name, this.open());
    this.events = new QueueEvents(name, this.open());
    this.closing = [this.queue, this.events];
  }
  work(processor, more = {}) {
    const worker = new Worker(this.name, processor, { ...this.open(), drainDelay: 1, ...more });
    worker.on("error", (error) => console.error(this.name, error));
    this.closing.unshift(worker);
    return worker;
  }
  async done(job) {
    return job.waitUntilFinished(this.events, WAIT_MS);
  }
  async close() {
    for (const one of this.closing) await one.close();
  }
}

async function until(what, condition) {
  for (const end = Date.now() + WAIT_MS; !(await condition()); await pause(25)) {
    assert(Date.now() < end, `${what} in ${WAIT_MS} ms`);
  }
}

const PARTS = {
  async jobs(bench) {
    const { queue } = bench;
    await bench.events.waitUntilReady();
    bench.work(async (job) => {
      await job.log("working");
      await job.updateProgress({ percent: 50 });
      return { ...job.data, name: job.name };
    }, { concurrency: 5 });
    const job = await queue.add("one", { n: 1, text: "\u20ac \"quoted\"" });
    assert.deepEqual(await bench.done(job), { n: 1, text: "\u20ac \"quoted\"", name: "one" });
    assert.equal(await job.getState(), "completed");
    assert.deepEqual((await queue.getJobLogs(job.id)).logs, ["working"]);
    const many = await queue.addBulk([...Array(50).keys()].map((n) => ({ name: "many", data: { n } })));
    const results = await Promise.all(many.map((one) => bench.done(one)));
    assert.deepEqual(results.map(({ n }) => n), [...Array(50).keys()]);
    assert.deepEqual(await queue.getJobCounts("completed", "failed", "wait"), { completed: 51, failed: 0, wait: 0 });
    await assert.rejects(queue.add("self", {}, { jobId: "0:1:2:3" }));
    const named = await queue.add("named", {}, { jobId: "mine" });
    await bench.done(named);
    assert.equal((await queue.add("named", {}, { jobId: "mine" })).id, "mine");
    assert.equal((await queue.clean(0, 1000, "completed")).length, 52);
    await queue.obliterate({ force: true });
    assert.deepEqual(await queue.getJobCounts("completed"), { completed: 0 });
  },

  async delays(bench) {
    const { queue } = bench;
    const began = Date.now();
    const late = await queue.add("late", { at: 400 }, { delay: 400 });
    const later = await queue.add("later", { at: 10_000 }, { delay: 10_000 });
    assert.equal(await later.getState(), "delayed");
    bench.work(async () => Date.now() - began);
    const took = await bench.done(late);
    assert(took >= 400, `${took} ms`);
    await later.changeDelay(200);
    await bench.done(later);
    const promoted = await queue.add("promoted", {}, { delay: 60_000 });
    await promoted.promote();
    await bench.done(promoted);
  },

  async failures(bench) {
    const { queue } = bench;
    bench.work(async (job, token) => {
      if (job.name === "third" && job.attemptsMade < 2) throw new Error("not yet");
      if (job.name === "never") throw new UnrecoverableError("never");
      if (job.name === "postponed" && !job.data.postponed) {
        await job.updateData({ postponed: true });
        await job.moveToDelayed(Date.now() + 100, token);
        throw new DelayedError();
      }
      return job.attemptsMade;
    });
    const third = await queue.add("third", {}, { attempts: 3, backoff: { type: "exponential", delay: 50 } });
    assert.equal(await bench.done(third), 2);
    const never = await queue.add("never", {}, { attempts: 5, backoff: 10 });
    await assert.rejects(bench.done(never), /never/);
    const failed = await queue.getJob(never.id);
    assert.equal(failed.failedReason, "never");
    assert.equal(failed.attemptsMade, 1);
    assert(failed.stacktrace.length > 0);
    await failed.retry();
    await until("it fails again", async () => (await queue.getFailedCount()) === 1);
    await bench.done(await queue.add("postponed", {}));
  },

  async priorities(bench) {
    const { queue } = bench;
    await queue.pause();
    const names = [];
    bench.work(async (job) => names.push(job.name));
    await queue.add("low", {}, { priority: 10 });
    await queue.add("lower", {}, { priority: 100 });
    await queue.add("high", {}, { priority: 1 });
    await queue.add("plain", {});
    const last = await queue.add("last first", {}, { lifo: true });
    const risen = await queue.add("risen", {}, { priority: 1000 });
    await risen.changePriority({ priority: 5 });
    assert.equal(await last.getState(), "waiting");
    assert.equal(await queue.isPaused(), true);
    assert.deepEqual(await queue.getCountsPerPriority([0, 1, 5, 100]), { 0: 2, 1: 1, 5: 1, 100: 1 });
    await queue.resume();
    await until("all ran", () => names.length === 6);
    assert.deepEqual(names, ["last first", "plain", "high", "risen", "low", "lower"]);
  },

  async repeats(bench) {
    const { queue } = bench;
    let runs = 0;
    bench.work(async () => ++runs);
    await queue.upsertJobScheduler("tick", { every: 100, limit: 3 }, { name: "tick" });
    assert.equal((await queue.getJobSchedulers()).length, 1);
    await until("it ran three times", () => runs === 3);
    await pause(250);
    assert.equal(runs, 3);
    await queue.upsertJobScheduler("yearly", { pattern: "0 0 1 1 *" }, { name: "yearly" });
    const [yearly] = await queue.getDelayed();
    assert.equal(yearly.name, "yearly");
    assert(await queue.removeJobScheduler("yearly"));
    assert.equal(await queue.getDelayedCount(), 0);
  },

  async limits(bench) {
    const { queue } = bench;
    const times = [];
    // From before the first window on: whatever is late makes it longer.
    const start = Date.now();
    bench.work(async () => times.push(Date.now()), { limiter: { max: 2, duration: 300 }, concurrency: 4 });
    await queue.addBulk([...Array(6).keys()].map((n) => ({ name: "limited", data: { n } })));
    await until("all ran", () => times.length === 6);
    const took = times[5] - start;
    assert(took >= 550, `${took} ms until the third window of 300`);
    await queue.setGlobalConcurrency(1);
    assert.equal(await queue.getGlobalConcurrency(), 1);
    await queue.removeGlobalConcurrency();
  },

  async duplicates(bench) {
    const { queue } = bench;
    const first = await queue.add("a", { n: 1 }, { deduplication: { id: "same" }, delay: 100 });
    const second = await queue.add("a", { n: 2 }, { deduplication: { id: "same" } });
    assert.equal(second.id, first.id);
    assert.equal(await queue.getDeduplicationJobId("same"), first.id);
    bench.work(async (job) => job.data.n);
    assert.equal(await bench.done(first), 1);
    const held = await queue.add("b", { n: 3 }, { deduplication: { id: "held", ttl: 200 } });
    assert.equal((await queue.add("b", { n: 4 }, { deduplication: { id: "held", ttl: 200 } })).id, held.id);
    await pause(250);
    assert.notEqual((await queue.add("b", { n: 5 }, { deduplication: { id: "held", ttl: 200 } })).id, held.id);
  },

  async flows(bench) {
    const producer = new FlowProducer(bench.open());
    bench.closing.push(producer);
    bench.work(async (job) => {
      if (job.name === "broken") throw new Error("broken child");
      if (job.name !== "root" && job.name !== "middle") return job.data.n;
      const values = Object.values(await job.getChildrenValues());
      return values.reduce((sum, value) => sum + value, 0);
    });
    const leaf = (n) => ({ name: "leaf", queueName: bench.name, data: { n } });
    const flow = await producer.add({
      name: "root",
      queueName: bench.name,
      children: [leaf(1), { name: "middle", queueName: bench.name, children: [leaf(10), leaf(20)] }, leaf(100)],
    });
    assert.equal(await bench.done(flow.job), 131);
    const tree = await producer.getFlow({ id: flow.job.id, queueName: bench.name });
    assert.equal(tree.children.length, 3);
    const broken = { name: "broken", queueName: bench.name, data: {}, opts: { failParentOnFailure: true } };
    const failing = await producer.add({ name: "root", queueName: bench.name, children: [broken, leaf(1)] });
    await until("the parent failed", async () => (await failing.job.getState()) === "failed");
  },

  async stalls(bench) {
    const { queue } = bench;
    // The first worker takes the job, and then never extends its lock.
    const stuck = bench.work(() => new Promise(() => {}), { lockDuration: 200, lockRenewTime: 100_000, skipStalledCheck: true });
    const job = await queue.add("stalling", {});
    await once(stuck, "active");
    await pause(300);
    const rescuer = bench.work(async () => "rescued", { stalledInterval: 200, maxStalledCount: 1 });
    const stalled = once(rescuer, "stalled");
    assert.equal(await bench.done(job), "rescued");
    assert.equal((await stalled)[0], job.id);
    await stuck.close(true);
    bench.closing = bench.closing.filter((one) => one !== stuck);
  },
};

async function main(port, cluster) {
  const run = async ([name, part]) => {
    const bench = new Bench(`${name}-${port}`, port, cluster);
    await bench.events.waitUntilReady();
    await bench.queue.obliterate({ force: true });
    await part(bench).catch((error) => {
      throw new Error(name, { cause: error });
    });
    await bench.close();
    return name;
  };
  const ran = await Promise.all(Object.entries(PARTS).map(run));
  console.log(`bullmq: ${ran.join(", ")}`);
  clusters.forEach((client) => client.disconnect());
}

main(Number(process.argv[2]), process.argv[3] === "cluster").then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
