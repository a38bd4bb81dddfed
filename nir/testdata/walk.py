# Walks a network as the reader of Python's nir does: what that asks of a file, and the
# check of the types at both ends of every edge.
import json
import sys

import h5py
import numpy as np

FIELDS = {
    "Input": {"shape"}, "Output": {"shape"}, "Affine": {"weight", "bias"}, "Linear": {"weight"}, "Scale": {"scale"},
    "Conv1d": {"input_shape", "weight", "stride", "padding", "dilation", "groups", "bias"},
    "Conv2d": {"input_shape", "weight", "stride", "padding", "dilation", "groups", "bias"},
    "SumPool2d": {"kernel_size", "stride", "padding"}, "AvgPool2d": {"kernel_size", "stride", "padding"},
    "Flatten": {"input_type", "start_dim", "end_dim"}, "Delay": {"delay"}, "Threshold": {"threshold"}, "I": {"r"},
    "IF": {"r", "v_threshold", "v_reset"}, "LI": {"tau", "r", "v_leak"}, "LIF": {"tau", "r", "v_leak", "v_threshold", "v_reset"},
    "CubaLI": {"tau_syn", "tau_mem", "r", "v_leak", "w_in"}, "CubaLIF": {"tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"},
}


def plain(item):
    if isinstance(item, h5py.Group):
        return {k: plain(v) for k, v in item.items()}
    v = item[()]
    return v.decode() if isinstance(v, bytes) else v


def conv(n, k, s, p, d):
    return int(np.floor((n + 2 * p - d * (k - 1) - 1) / s + 1))


def types(n, before):
    t = n["type"]
    if t in ("Input", "Output"):
        return n["shape"], n["shape"]
    if t in ("Affine", "Linear"):
        w = n["weight"]
        return np.array(w.shape[-1:]), np.array(w.shape[-2:-1])
    if t == "Conv2d":
        w, size = n["weight"], n["input_shape"]
        k = w.shape[2]  # of both axes, as there
        out = [conv(size[i], k, n["stride"][i], n["padding"][i], n["dilation"][i]) for i in (0, 1)]
        return np.array([w.shape[1], *size]), np.array([w.shape[0], *out])
    if t in ("SumPool2d", "AvgPool2d"):
        out = [conv(before[1 + i], n["kernel_size"][i], n["stride"][i], n["padding"][i], 1) for i in (0, 1)]
        return before, np.array([before[0], *out])
    if t == "Flatten":
        i = list(n["input_type"])
        a, e = int(n["start_dim"]), int(n["end_dim"]) % len(i)
        return np.array(i), np.array(i[:a] + [int(np.prod(i[a:e + 1]))] + i[e + 1:])
    if t == "NIRGraph":
        ports = {m["type"]: m["shape"] for m in n["nodes"].values() if m["type"] in ("Input", "Output")}
        return ports["Input"], ports["Output"]
    for name in ("scale", "delay", "threshold", "tau", "tau_mem", "r"):
        if name in n:
            return np.array(n[name].shape), np.array(n[name].shape)
    raise ValueError(t)


def graph(g, where):
    assert set(g) - {"metadata"} == {"type", "nodes", "edges"}, (where, set(g))
    assert g["type"] == "NIRGraph", where
    count = 0
    for name, n in g["nodes"].items():
        count += 1
        if n["type"] == "NIRGraph":
            count += graph(n, where + "/" + name)
            continue
        assert set(n) - {"type", "metadata"} <= FIELDS[n["type"]], (where, name, set(n))
        missing = FIELDS[n["type"]] - set(n) - {"v_reset"}
        assert not missing, (where, name, missing)
        shapes = {np.shape(v) for k, v in n.items() if k in ("tau", "tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in")}
        assert len(shapes) <= 1, (where, name, shapes)
    edges = [(a.decode(), b.decode()) for a, b in g["edges"]]
    assert len(set(edges)) == len(edges), "twice"
    out, rest, seen = {}, [k for k, n in g["nodes"].items() if n["type"] == "Input"], set()
    for k in rest:
        out[k] = g["nodes"][k]["shape"]
    while rest:
        a = rest.pop(0)
        for s, b in edges:
            if s != a:
                continue
            i, o = types(g["nodes"][b], out[a])
            assert np.array_equal(out[a], i), (where, s, b, out[a], i)
            if b not in out:
                out[b] = o
                rest.append(b)
    assert set(out) == set(g["nodes"]), (where, set(g["nodes"]) - set(out))
    return count


with h5py.File(sys.argv[1], "r") as f:
    assert set(f) == {"version", "node"}
    assert isinstance(f["version"][()], bytes) and isinstance(f["node/type"][()], bytes)
    tree = plain(f["node"])
    print(json.dumps({"nodes": graph(tree, ""), "edges": len(tree["edges"])}))
