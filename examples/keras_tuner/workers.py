"""Start a search of several processes: python workers.py N COMMAND [ARGUMENT]...

The command runs once as the chief, which hands the trials out, and N times as a worker.
"""

import os
import socket
import subprocess
import sys

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = str(probe.getsockname()[1])
names = ["chief", *(f"tuner{n}" for n in range(int(sys.argv[1])))]
shared = {"KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": port}
chief, *workers = [
    subprocess.Popen(sys.argv[2:], env={**os.environ, **shared, "KERASTUNER_TUNER_ID": name})
    for name in names
]
code = chief.wait()
for worker in workers:
    try:
        worker.wait(0 if code else 30)
    except subprocess.TimeoutExpired:  # it came too late, and waits for a chief that is gone
        worker.terminate()
sys.exit(code)
