"""Exercises the cache of django-redis. usage: django_redis_cache.py PORT"""

import sys
import threading
import time

import django
from django.conf import settings

LOCATION = f"redis://127.0.0.1:{sys.argv[1]}/3"


def backend(client="DefaultClient", **options):
    options["CLIENT_CLASS"] = f"django_redis.client.{client}"
    return {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": LOCATION, "OPTIONS": options}


settings.configure(
    INSTALLED_APPS=["django.contrib.sessions"],
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    CACHES={
        "default": backend(),
        "herd": backend("HerdClient", CACHE_HERD_TIMEOUT=1),
        "json": backend(SERIALIZER="django_redis.serializers.json.JSONSerializer"),
        "zlib": backend(COMPRESSOR="django_redis.compressors.zlib.ZlibCompressor"),
    },
)
django.setup()

from django.contrib.sessions.backends.cache import SessionStore  # noqa: E402
from django.core.cache import caches  # noqa: E402


def values(cache):
    cache.clear()
    assert cache.get("absent", "else") == "else"
    for value in (1, -7, "text", "\u20ac", [1, 2, {"three": None}], "x" * 100_000):
        cache.set("value", value)
        assert cache.get("value") == value
    assert cache.add("once", 1) and not cache.add("once", 2)
    cache.set_many({"a": 1, "b": 2, "c": 3})
    assert cache.get_many(["a", "b", "absent"]) == {"a": 1, "b": 2}
    assert cache.delete_many(["a", "b"]) == 2 and "a" not in cache and "c" in cache
    cache.set("c", 5, version=2)
    assert cache.get("c") == 3 and cache.get("c", version=2) == 5
    assert cache.get_or_set("made", lambda: "now") == "now"


def times(cache):
    cache.set("short", 1, timeout=0.3)
    cache.set("long", 1, timeout=100)
    cache.set("for ever", 1, timeout=None)
    assert cache.pttl("short") <= 300 and cache.ttl("long") in (99, 100) and cache.ttl("for ever") is None
    time.sleep(0.4)
    assert cache.get("short") is None and cache.ttl("short") == 0
    assert cache.expire("long", 200) and cache.ttl("long") in (199, 200)
    assert cache.persist("long") and cache.ttl("long") is None
    assert cache.touch("long", 50) and cache.ttl("long") in (49, 50)


def patterns(cache):
    cache.clear()
    cache.set_many({f"group:{n}": n for n in range(500)})
    assert len(cache.keys("group:*")) == 500
    assert len(set(cache.iter_keys("group:1*", itersize=10))) == 111
    assert cache.delete_pattern("group:1*", itersize=50) == 111
    assert len(cache.keys("*")) == 389


def locks(cache):
    """The lock is released and extended by scripts."""
    lock = cache.lock("held", timeout=5)
    assert lock.acquire(blocking=False)
    assert not cache.lock("held", timeout=5).acquire(blocking=False)
    assert lock.extend(5) and lock.reacquire()
    waiter = threading.Thread(target=lambda: cache.lock("held", timeout=5, blocking_timeout=5).__enter__())
    waiter.start()
    lock.release()
    waiter.join(5)
    assert not waiter.is_alive() and cache.has_key("held")
    cache.set("counted", 1, timeout=None)
    assert cache.incr("counted") == 2 and cache.decr("counted", 2) == 0
    assert cache.incr("counted", 7, ignore_key_check=True) == 7


def sessions():
    session = SessionStore()
    session["user"] = 42
    session.save()
    assert SessionStore(session.session_key)["user"] == 42
    session.cycle_key()
    session.flush()
    assert not SessionStore().exists(session.session_key or "gone")


for name in ("default", "herd", "zlib"):
    values(caches[name])
times(caches["default"])
patterns(caches["json"])
locks(caches["default"])
sessions()
print("django-redis: values, times, patterns, locks, sessions")
