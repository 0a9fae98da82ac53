// Three socket.io servers and their browsers, joined by each of its Redis adapters. usage: socketio.cjs PORT [cluster]
const assert = require("node:assert");
const { once } = require("node:events");
const { createServer } = require("node:http");
const ioredis = require("ioredis");
const redis = require("redis");
const { Server } = require("socket.io");
const { io } = require("socket.io-client");
const { createAdapter, createShardedAdapter } = require("@socket.io/redis-adapter");
const { createAdapter: createStreamsAdapter } = require("@socket.io/redis-streams-adapter");
const { Emitter } = require("@socket.io/redis-emitter");

const SERVERS = 3;
const SETTLING_MS = 250;
const HOST = "127.0.0.1";

const settle = (ms = SETTLING_MS) => new Promise((resolve) => setTimeout(resolve, ms));

const LIBRARIES = {
  redis: async (port, cluster) => {
    const url = `redis://${HOST}:${port}`;
    const client = cluster ? redis.createCluster({ rootNodes: [{ url }] }) : redis.createClient({ url });
    client.on("error", (error) => console.error(error));
    await client.connect();
    return { client, close: () => client.destroy() };
  },
  ioredis: async (port, cluster) => {
    const client = cluster
      ? new ioredis.Cluster([{ host: HOST, port }], { shardedSubscribers: true })
      : new ioredis.Redis({ host: HOST, port });
    await once(client, "ready");
    return { client, close: () => client.disconnect() };
  },
};

const STREAMS = { heartbeatInterval: 500, blockTimeInMs: 200 };
const ADAPTERS = {
  "publish/subscribe": (pub, sub, key) => createAdapter(pub, sub, { key }),
  "an answering channel each": (pub, sub, key) => createAdapter(pub, sub, { key, publishOnSpecificResponseChannel: true }),
  "sharded, dynamic": sharded("dynamic"),
  "sharded, dynamic-private": sharded("dynamic-private"),
  "sharded, static": sharded("static"),
  streams: (pub, _, key) => createStreamsAdapter(pub, { ...STREAMS, streamName: key, channelPrefix: key }),
  "several streams": (pub, _, key) =>
    createStreamsAdapter(pub, { ...STREAMS, streamName: key, channelPrefix: key, streamCount: 3, useShardedPubSub: true }),
};

function sharded(subscriptionMode) {
  return (pub, sub, channelPrefix) => createShardedAdapter(pub, sub, { channelPrefix, subscriptionMode });
}

/** One server with one browser on it. */
async function start(adapter) {
  const http = createServer();
  const server = new Server(http, { adapter, connectionStateRecovery: {} });
  await new Promise((resolve) => http.listen(0, HOST, resolve));
  const connected = once(server, "connection");
  const browser = io(`http://${HOST}:${http.address().port}`, { transports: ["websocket"], reconnectionDelay: 20 });
  const [socket] = await connected;
  await once(browser, "connect");
  return { server, browser, socket };
}

/** Waits until `name` has come once to each that should hear it, and to nobody else. */
async function heard(all, hearers, name, emit) {
  const counts = new Map(all.map(({ browser }) => [browser, 0]));
  for (const { browser } of all) browser.on(name, () => counts.set(browser, counts.get(browser) + 1));
  emit();
  const enough = () => hearers.every(({ browser }) => counts.get(browser) >= 1);
  for (let tries = 0; !enough() && tries < 40; tries++) await settle(25);
  await settle(50);
  for (const one of all) {
    assert.equal(counts.get(one.browser), hearers.includes(one) ? 1 : 0, `${name} at server ${all.indexOf(one)}`);
    one.browser.off(name);
  }
}

/** Waits until each server knows of all: before, they do not listen yet. */
async function acquainted(all) {
  for (const { server } of all) {
    for (let tries = 0; (await server.of("/").adapter.serverCount()) < SERVERS; tries++) {
      assert(tries < 200, "servers find each other");
      await settle(50);
    }
  }
  await settle();
}

/**
 * Broadcasts until each server has heard one. A server that reads a stream asks for what is newer than "$" until its first
 * entry, so it misses what comes between two of its questions.
 */
async function listening(all) {
  const deaf = new Set(all.map(({ browser }) => browser));
  for (const browser of deaf) browser.once("anyone?", () => deaf.delete(browser));
  for (let tries = 0; deaf.size > 0; tries++) {
    assert(tries < 200, "servers hear each other");
    all[0].server.emit("anyone?");
    await settle(50);
  }
}

async function broadcasts(all) {
  const [first, second, third] = all;
  await heard(all, all, "to all", () => first.server.emit("to all", { a: [1, "two"] }));
  await heard(all, [first, third], "to others", () => second.socket.broadcast.emit("to others"));
  await heard(all, [first, second], "local", () => {
    first.socket.join("near");
    second.socket.join("near");
    first.server.local.to("near").emit("local");
    second.server.local.to("near").emit("local");
  });
  first.socket.join(["room", "other"]);
  third.socket.join("room");
  await settle();
  await heard(all, [first, third], "to a room", () => second.server.to("room").emit("to a room"));
  await heard(all, [third], "but not", () => second.server.to("room").except("other").emit("but not"));
  await heard(all, [third], "to one", () => first.server.to(third.socket.id).emit("to one"));
  third.socket.leave("room");
  await settle();
  await heard(all, [first], "who stayed", () => third.server.to("room").emit("who stayed"));
  const bytes = Buffer.from([0, 255, 13, 10, 0]);
  const got = once(third.browser, "bytes");
  first.server.emit("bytes", bytes, "\u20ac");
  const [received, text] = await got;
  assert.deepEqual([...received], [...bytes]);
  assert.equal(text, "\u20ac");
}

async function asks(all) {
  const [first, second, third] = all;
  all.forEach(({ browser }, index) => browser.on("who", (answer) => answer(index)));
  const answers = await first.server.timeout(2000).emitWithAck("who");
  assert.deepEqual(answers.sort(), [0, 1, 2]);
  const sockets = await second.server.fetchSockets();
  assert.deepEqual(new Set(sockets.map(({ id }) => id)), new Set(all.map(({ socket }) => socket.id)));
  second.server.socketsJoin("everyone");
  await settle();
  assert((await third.server.in("everyone").fetchSockets()).length === SERVERS);
  third.server.in(first.socket.id).socketsLeave("everyone");
  await settle();
  assert((await second.server.in("everyone").fetchSockets()).length === SERVERS - 1);
  second.server.on("sum", (a, b, answer) => answer(a + b));
  third.server.on("sum", (a, b, answer) => answer(a * b));
  const sums = await first.server.serverSideEmitWithAck("sum", 3, 4);
  assert.deepEqual(sums.sort(), [12, 7].sort());
  assert.equal(await first.server.of("/").adapter.serverCount(), SERVERS);
  const gone = once(third.browser, "disconnect");
  first.server.in(third.socket.id).disconnectSockets(true);
  await gone;
}

/** A browser that was away gets what it missed. */
async function recovers(all) {
  const [first, second] = all;
  await settle();
  first.browser.on("news", () => {});
  second.server.emit("news", "before");
  await settle();
  const missed = [];
  first.browser.on("news", (text) => missed.push(text));
  const back = once(first.browser, "connect");
  first.browser.io.engine.close();
  second.server.emit("news", "meanwhile");
  await back;
  for (let tries = 0; missed.length === 0 && tries < 40; tries++) await settle(25);
  assert(first.browser.recovered, "the session was restored");
  assert.deepEqual(missed, ["meanwhile"]);
}

async function exercise(library, name, port, cluster) {
  const key = `${library} ${name}`;
  const clients = [];
  const connect = async () => {
    const made = await LIBRARIES[library](port, cluster);
    clients.push(made);
    return made.client;
  };
  const all = [];
  for (let index = 0; index < SERVERS; index++) {
    all.push(await start(ADAPTERS[name](await connect(), await connect(), key)));
  }
  await acquainted(all);
  await listening(all);
  await broadcasts(all);
  if (name === "publish/subscribe") {
    const emitter = new Emitter(await connect(), { key });
    await heard(all, all, "from outside", () => emitter.emit("from outside"));
  }
  if (name === "streams") await recovers(all);
  await asks(all);
  for (const { browser, server } of all) {
    browser.close();
    await server.close();
  }
  await settle();
  for (const { close } of clients) close();
}

async function main(port, cluster) {
  for (const library of Object.keys(LIBRARIES)) {
    const exercises = Object.keys(ADAPTERS).map((name) =>
      exercise(library, name, port, cluster).catch((error) => {
        throw new Error(`${name}, through ${library}`, { cause: error });
      }),
    );
    await Promise.all(exercises);
    console.log(`socket.io: ${exercises.length} adapters through ${library}`);
  }
}

main(Number(process.argv[2]), process.argv[3] === "cluster").then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
