"""What every peer in Python does: it reads its data, says that it is ready, and runs as many iterations as each line of its
input asks for. Loading and initialisation are apart from the times it prints."""

import json
import os
import sys
import time

import numpy as np


def load(folder):
    with open(os.path.join(folder, "about.json")) as f:
        about = json.load(f)
    types = {"f64": np.float64, "i32": np.int32}
    arrays = {
        name: np.fromfile(f"{folder}/{name}.{a['type']}", dtype=types[a["type"]]).reshape(a["shape"])
        for name, a in about["arrays"].items()
    }
    return about["sizes"], arrays, {name: np.array(value) for name, value in about["start"].items()}


def blas():
    from threadpoolctl import threadpool_info

    return ", ".join(
        sorted({f"{i['internal_api']} {i['version']} {i['architecture']}, {i['num_threads']} threads" for i in threadpool_info() if i["user_api"] == "blas"})
    )


def serve(step, objective, versions):
    """`step()` is one iteration and returns the objective after it; `objective` that at the start."""
    print(json.dumps({"ready": True, "objective": float(objective), "versions": versions}), flush=True)
    for line in sys.stdin:
        times = []
        processor = []
        value = None
        for _ in range(int(line)):
            begun, used = time.perf_counter(), time.process_time()
            value = step()
            times.append(time.perf_counter() - begun)
            processor.append(time.process_time() - used)
        print(json.dumps({"seconds": times, "processor": processor, "objective": float(value)}), flush=True)
