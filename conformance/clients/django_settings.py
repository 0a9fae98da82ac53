"""Settings for Django's own test suite: its cache and its sessions are in the server at APP_PORT."""

import os

from test_sqlite import *  # noqa: F403

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"redis://127.0.0.1:{os.environ['APP_PORT']}",
    }
}
