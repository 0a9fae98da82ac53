"""Celery with Redis as its broker and its store of results. usage: celery_tasks.py PORT"""

import os
import subprocess
import sys
import threading
import time

from celery import Celery, chain, chord, group
from celery.exceptions import TaskRevokedError
from celery.result import AsyncResult, GroupResult

WAIT_S = 10
port = os.environ.get("APP_PORT") or sys.argv[1]
app = Celery("celery_tasks", broker=f"redis://127.0.0.1:{port}/0", backend=f"redis://127.0.0.1:{port}/1")
app.conf.update(
    broker_transport_options={"priority_steps": [0, 3, 6, 9], "visibility_timeout": 2, "unacked_restore_limit": 1},
    broker_connection_retry_on_startup=True,
    result_expires=60,
    task_send_sent_event=True,
    worker_send_task_events=True,
    worker_prefetch_multiplier=1,
)


@app.task
def add(x, y):
    return x + y


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def fail():
    raise ValueError("on purpose")


@app.task(bind=True, max_retries=5)
def third_time(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0.1)
    return self.request.retries


@app.task(bind=True)
def in_steps(self, count):
    for step in range(count):
        self.update_state(state="PROGRESS", meta={"step": step})
        time.sleep(0.1)
    raise StopAtEnd(count)


class StopAtEnd(Exception):
    pass


@app.task
def now():
    return time.time()


@app.task(bind=True)
def doubled(self, x):
    raise self.replace(add.s(x, x))


@app.task
def noted(number):
    app.backend.client.rpush("order", number)


@app.task(ignore_result=True)
def unheard():
    pass


def calls():
    assert add.delay(2, 3).get(WAIT_S) == 5
    failed = fail.delay()
    try:
        failed.get(WAIT_S)
        raise AssertionError("it did not fail")
    except ValueError as error:
        assert error.args == ("on purpose",)
    assert failed.state == "FAILURE" and "ValueError" in failed.traceback
    assert third_time.delay().get(WAIT_S) == 2
    assert doubled.delay(21).get(WAIT_S) == 42
    seen = set()
    stepping = in_steps.delay(3)
    try:
        stepping.get(WAIT_S, on_message=lambda message: seen.add(message["status"]))
    except Exception as error:
        assert type(error).__name__ == "StopAtEnd", error
    assert seen >= {"PROGRESS", "FAILURE"}, seen
    known = add.delay(1, 1)
    known.get(WAIT_S)
    assert AsyncResult(known.id, app=app).result == 2
    known.forget()
    assert AsyncResult(known.id, app=app).state == "PENDING"
    assert unheard.delay().state == "PENDING"


def canvas():
    assert chain(add.s(1, 2), add.s(10), add.s(100))().get(WAIT_S) == 113
    many = group(add.s(n, n) for n in range(20))()
    assert many.get(WAIT_S) == [2 * n for n in range(20)]
    many.save()
    assert GroupResult.restore(many.id, app=app).get(WAIT_S) == [2 * n for n in range(20)]
    assert chord((add.s(n, 1) for n in range(10)), total.s())().get(WAIT_S) == 55
    nested = chain(group(add.s(n, 0) for n in range(4)), total.s(), add.s(4), group(add.s(1), add.s(2)))
    assert nested().get(WAIT_S) == [11, 12]
    broken = chord([add.s(1, 1), fail.s()], total.s())()
    try:
        broken.get(WAIT_S)
        raise AssertionError("the chord did not fail")
    except Exception as error:
        assert "on purpose" in str(error), error


def times():
    asked = time.time()
    late = now.apply_async(countdown=1)
    dead = now.apply_async(countdown=60)
    expired = now.apply_async(countdown=1, expires=0.2)
    # A revocation is broadcast over publish/subscribe, and the worker must have received the task by then.
    while not any(dead.id in str(tasks) for tasks in (app.control.inspect().scheduled() or {}).values()):
        assert time.time() < asked + WAIT_S
    dead.revoke(terminate=True)
    assert 0.9 < late.get(WAIT_S) - asked < 5
    for never in (expired, dead):
        # The worker says that a task is revoked when its time comes, or when it is terminated.
        try:
            never.get(WAIT_S)
            raise AssertionError("a task ran that should not have")
        except TaskRevokedError:
            assert never.state == "REVOKED"


def control():
    assert list(app.control.ping(timeout=WAIT_S, limit=1)[0].values()) == [{"ok": "pong"}]
    inspect = app.control.inspect()
    assert any("celery_tasks.add" in names for names in inspect.registered().values())
    assert list(inspect.active_queues().values())[0][0]["name"] == "celery"
    app.control.cancel_consumer("celery", reply=True, timeout=WAIT_S, limit=1)
    urgent = [noted.apply_async((n,), priority=9 - n) for n in (0, 3, 6, 9)]
    assert app.control.purge() == len(urgent)
    app.control.add_consumer("celery", reply=True, timeout=WAIT_S, limit=1)
    assert add.delay(4, 4).get(WAIT_S) == 8


def listen(kinds, stop):
    """Collects the kinds of events until it is told to stop."""
    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": lambda event: kinds.add(event["type"])})
        while not stop.is_set():
            try:
                receiver.capture(limit=None, timeout=0.5)
            except (TimeoutError, OSError):
                pass


def main():
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "celery_tasks", "worker", "--concurrency", "3", "--loglevel", "critical"]
    here = os.path.dirname(os.path.abspath(__file__))
    worker = subprocess.Popen(command, cwd=here, env={**os.environ, "APP_PORT": str(port)})
    kinds, stop = set(), threading.Event()
    listener = threading.Thread(target=listen, args=(kinds, stop), daemon=True)
    listener.start()
    try:
        for part in (calls, canvas, times, control):
            began = time.time()
            part()
            print(f"celery: {part.__name__} in {time.time() - began:.1f} s")
    finally:
        worker.terminate()
        worker.wait(WAIT_S)
    stop.set()
    listener.join(WAIT_S)
    assert kinds >= {"worker-online", "task-sent", "task-received", "task-started", "task-succeeded", "task-failed",
                     "task-retried", "task-revoked", "worker-offline"}, kinds


if __name__ == "__main__":
    main()
