"""Stores and reads back keys through redis-py's cluster client. usage: keys.py PORT COUNT"""

import sys

from redis.cluster import RedisCluster

port, count = int(sys.argv[1]), int(sys.argv[2])
client = RedisCluster(host="127.0.0.1", port=port, decode_responses=True)
for number in range(count):
    assert client.set(f"py:{number}", f"value {number}") is True
for number in range(count):
    assert client.get(f"py:{number}") == f"value {number}", number
pipeline = client.pipeline()
for number in range(count):
    pipeline.get(f"py:{number}")
assert pipeline.execute() == [f"value {number}" for number in range(count)]
nodes = {client.get_node_from_key(f"py:{number}").port for number in range(count)}
print(f"redis-py: {count} keys on {len(nodes)} nodes")
