"""Scripts as applications register them: locks, queues, rate limiters. usage: scripts.py PORT [cluster]"""

import sys
import threading
import time

import limits
import redis
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, SlidingWindowCounterRateLimiter
from redis.cluster import RedisCluster
from redis.exceptions import LockError, LockNotOwnedError, NoScriptError, ResponseError

port, cluster = int(sys.argv[1]), sys.argv[2:] == ["cluster"]
client = RedisCluster(host="127.0.0.1", port=port) if cluster else redis.Redis(host="127.0.0.1", port=port)

# A scheduler's poller: at most one due job leaves the sorted set, for the queue that its payload names.
DUE = """
local jobs = redis.call('zrange', KEYS[1], '-inf', ARGV[1], 'byscore', 'limit', 0, 1)
if not jobs[1] then return false end
local job = cjson.decode(jobs[1])
redis.call('zrem', KEYS[1], jobs[1])
job.enqueued_at = tonumber(ARGV[1])
redis.call('sadd', KEYS[2], job.queue)
redis.call('lpush', KEYS[3] .. job.queue, cjson.encode(job))
return {job.jid, job.queue, #job.args, job.retry and 1 or 0}
"""

# A token bucket in a hash, on the server's clock.
BUCKET = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local capacity, per_second, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(state[1]) or capacity, tonumber(state[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * per_second / 1000)
local allowed = tokens >= wanted
if allowed then tokens = tokens - wanted end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / per_second * 1000) + 1000)
return {allowed and 1 or 0, tostring(tokens)}
"""

# A log of calls in a sorted set, cut to the window.
WINDOW = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, ARGV[1] - ARGV[2])
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[3]) then
  redis.call('ZADD', KEYS[1], ARGV[1], ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
return redis.error_reply('LIMITED wait ' .. redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] + ARGV[2] - ARGV[1])
"""

# Compare and swap of a packed counter, as caches of sessions do it.
PACKED = """
local old = redis.call('GET', KEYS[1])
local count, name = 0, ''
if old then count, name = cmsgpack.unpack(old) end
local header = struct.pack('>I2', count + 1)
redis.call('SET', KEYS[1], cmsgpack.pack(count + 1, ARGV[1]), 'PX', 60000)
return {count + 1, name, header, bit.tohex(bit.bxor(count + 1, 0xff), 4), redis.sha1hex(ARGV[1])}
"""


def locks():
    lock = client.lock("lock", timeout=5)
    assert lock.acquire(blocking=False) and lock.locked() and lock.owned()
    assert not client.lock("lock", timeout=5).acquire(blocking=False)
    lock.extend(10)
    assert 14_000 < client.pttl("lock") <= 15_000
    lock.extend(3, replace_ttl=True)
    assert lock.reacquire() and 4_000 < client.pttl("lock") <= 5_000
    client.set("lock", "another's")
    try:
        lock.release()
        raise AssertionError("released another's lock")
    except LockNotOwnedError:
        client.delete("lock")
    with client.lock("lock", timeout=5):
        try:
            with client.lock("lock", timeout=5, blocking_timeout=0.1):
                raise AssertionError("two in the lock")
        except LockError:
            pass
    inside, worst = [], []

    def work():
        for _ in range(5):
            with client.lock("section", timeout=10, sleep=0.005):
                inside.append(1)
                worst.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(worst) == 20 and max(worst) == 1


def registered():
    due, bucket = client.register_script(DUE), client.register_script(BUCKET)
    window, packed = client.register_script(WINDOW), client.register_script(PACKED)
    client.script_flush()
    try:
        client.evalsha(due.sha, 1, "{q}schedule", 0)
        raise AssertionError("a script survived SCRIPT FLUSH")
    except NoScriptError:
        pass
    for n in range(3):
        job = '{"jid":"%d","queue":"low","args":[1,[],{}],"retry":true}' % n
        client.zadd("{q}schedule", {job: n})
    keys = ["{q}schedule", "{q}queues", "{q}queue:"]
    assert [due(keys=keys, args=[1]) for _ in range(3)] == [[b"0", b"low", 3, 1], [b"1", b"low", 3, 1], None]
    assert client.llen("{q}queue:low") == 2 and client.smembers("{q}queues") == {b"low"}
    # Five seconds until the next token: no machine is so busy.
    answers = [bucket(keys=["bucket"], args=[3, 0.2, 1]) for _ in range(5)]
    assert [allowed for allowed, _ in answers[:4]] == [1, 1, 1, 0], answers
    time.sleep(0.25)
    assert bucket(keys=["bucket"], args=[3, 20, 1])[0] == 1
    assert [window(keys=["window"], args=[at, 100, 2, at]) for at in (1000, 1050)] == [1, 1]
    try:
        window(keys=["window"], args=[1060, 100, 2, 1060])
        raise AssertionError("the window let a third in")
    except ResponseError as error:
        assert str(error) == "LIMITED wait 40", error
    assert packed(keys=["packed"], args=["a"])[:3] == [1, b"", b"\0\1"]
    second = packed(keys=["packed"], args=["b"])
    assert second[:4] == [2, b"a", b"\0\2", b"00fd"] and len(second[4]) == 40
    assert client.script_exists(due.sha, "0" * 40) == [True, False]


def pipelines():
    """A pipeline loads what the server does not know; scripts run inside transactions too."""
    packed = client.register_script(PACKED)
    client.script_flush()
    pipeline = client.pipeline(transaction=True)
    pipeline.set("piped", 1)
    packed(keys=["packed in a pipeline"], args=["x"], client=pipeline)
    pipeline.eval("return {KEYS[1], redis.call('INCRBY', KEYS[1], ARGV[1])}", 1, "piped", 41)
    _, first, second = pipeline.execute()
    assert first[0] == 1 and second == [b"piped", 42]


def limiters():
    scheme = "redis+cluster" if cluster else "redis"
    storage = storage_from_string(f"{scheme}://127.0.0.1:{port}")
    storage.reset()
    for strategy in (FixedWindowRateLimiter, MovingWindowRateLimiter, SlidingWindowCounterRateLimiter):
        limiter, limit = strategy(storage), limits.parse("5/minute")
        name = strategy.__name__
        assert [limiter.hit(limit, name) for _ in range(6)] == [True] * 5 + [False], name
        assert not limiter.test(limit, name) and limiter.get_window_stats(limit, name).remaining == 0
        limiter.clear(limit, name)
        assert limiter.hit(limit, name, cost=3) and not limiter.hit(limit, name, cost=3)


client.flushall()
parts = [locks, registered, limiters] if cluster else [locks, registered, pipelines, limiters]
for part in parts:
    part()
print("scripts: " + ", ".join(part.__name__ for part in parts))
