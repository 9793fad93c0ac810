"""Records pyg.json: what PyTorch Geometric's operators, aggregations, normalisations, poolings and models compute.

Every case holds the weights after manual_seed(7), other weights, the inputs, the output, a cotangent c and the gradients of
sum(output * c). Node 5 is isolated; there are a duplicate edge and a self-loop.
"""

import json

import torch
import torch_geometric.nn as g
from torch.nn import Linear, ReLU, Sequential

EDGES = torch.tensor([[0, 1, 1, 2, 3, 3, 4, 0, 2, 2, 0], [1, 0, 2, 1, 4, 4, 3, 2, 2, 3, 4]])
NODES, IN, OUT = 6, 3, 2
BATCH = torch.tensor([0, 0, 0, 1, 1, 3])

torch.manual_seed(1)
X = torch.randn(NODES, IN)
WEIGHT = torch.rand(EDGES.size(1)) + 0.25
ATTR = torch.randn(EDGES.size(1), 2)

MODULES = {"mlp": lambda w: Sequential(*[m for i in range(len(w) - 1) for m in ([Linear(w[i], w[i + 1])] + ([ReLU()] if i + 2 < len(w) else []))])}


def plain(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.detach().double().flatten()]}


def build(spec):
    if isinstance(spec, dict) and "mlp" in spec:
        return MODULES["mlp"](spec["mlp"])
    return spec


def record(op, args, options, inputs, training=False, steps=1):
    torch.manual_seed(7)
    module = getattr(g, op)(*[build(a) for a in args], **{k: build(v) for k, v in options.items()})
    module.train(training)
    init = {k: plain(v) for k, v in module.state_dict().items()}
    torch.manual_seed(3)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn_like(p) * 0.7)
        for name, b in module.named_buffers():
            if b.is_floating_point() and "var" not in name:
                b.copy_(torch.randn_like(b) * 0.3)
    weights = {k: plain(v) for k, v in module.state_dict().items()}
    x = X.clone().requires_grad_()
    weight = WEIGHT.clone().requires_grad_()
    attr = ATTR.clone().requires_grad_()
    # An LSTM takes neighbours as they stand, and needs them sorted.
    edges = EDGES[:, EDGES[1].argsort(stable=True)] if options.get("aggr") == "lstm" else EDGES
    given = {"x": x, "edges": edges, "weight": weight, "attr": attr, "batch": BATCH}
    kwargs = {"attr": "edge_attr", "weight": "edge_weight", "batch": "batch"}
    positional = [given[i] for i in inputs if i in ("x", "edges")]
    named = {kwargs[i]: given[i] for i in inputs if i in kwargs}
    if op.endswith("Aggregation"):
        named = {"index": BATCH, "dim_size": 4}
    if op in ("LayerNorm", "GraphNorm") and "batch" in inputs:
        named["batch_size"] = 4
    out = module(*positional, **named)
    case = {"op": op, "args": args, "options": options, "inputs": inputs, "training": training, "init": init}
    if op in ("TopKPooling", "SAGPooling"):
        x_out, edge_index, edge_attr, batch, perm, score = out
        case["pooled"] = {
            "edges": edge_index.tolist(),
            "batch": batch.tolist(),
            "perm": perm.tolist(),
            "score": plain(score),
        }
        out = x_out
    c = torch.randn(out.shape, generator=torch.Generator().manual_seed(5))
    (out * c).sum().backward()
    arrays = {"output": plain(out), "cotangent": plain(c)}
    arrays |= {f"weight:{k}": v for k, v in weights.items()}
    arrays |= {f"grad:weight:{k}": plain(p.grad) for k, p in module.named_parameters() if p.grad is not None}
    if training:
        case["after"] = {k: plain(b) for k, b in module.named_buffers()}
    for i, t in (("x", x), ("weight", weight), ("attr", attr)):
        if i in inputs and t.grad is not None:
            arrays[f"grad:input:{i}"] = plain(t.grad)
    case["arrays"] = arrays
    return case


xe, xew, xea = ["x", "edges"], ["x", "edges", "weight"], ["x", "edges", "attr"]
mlp = {"mlp": [IN, 4, OUT]}
CASES = {
    "gcn improved": ("GCNConv", [IN, OUT], {"improved": True}, xew),
    "gcn improved, no weights": ("GCNConv", [IN, OUT], {"improved": True}, xe),
    "gcn plain": ("GCNConv", [IN, OUT], {"normalize": False, "bias": False}, xew),
    "gcn no loops": ("GCNConv", [IN, OUT], {"add_self_loops": False}, xe),
    "gcn max": ("GCNConv", [IN, OUT], {"aggr": "max"}, xew),
    "gcn reversed": ("GCNConv", [IN, OUT], {"flow": "target_to_source"}, xew),
    "gat residual": ("GATConv", [IN, OUT], {"heads": 2, "residual": True, "edge_dim": 2, "fill_value": "max"}, xea),
    "gat no loops": ("GATConv", [IN, OUT], {"add_self_loops": False, "negative_slope": 0.1}, xe),
    "gat number": ("GATConv", [IN, OUT], {"edge_dim": 2, "fill_value": 0.5, "bias": False}, xea),
    "gat mul": ("GATConv", [IN, OUT], {"edge_dim": 2, "fill_value": "mul"}, xea),
    "gatv2": ("GATv2Conv", [IN, OUT], {"heads": 2, "edge_dim": 2}, xea),
    "gatv2 shared": ("GATv2Conv", [IN, OUT], {"heads": 2, "concat": False, "share_weights": True, "residual": True}, xe),
    "sage max": ("SAGEConv", [IN, OUT], {"aggr": "max", "project": True, "normalize": True}, xe),
    "sage several": ("SAGEConv", [IN, OUT], {"aggr": ["mean", "max", "std"], "root_weight": False}, xe),
    "sage lstm": ("SAGEConv", [IN, OUT], {"aggr": "lstm"}, xe),
    "graphconv mean": ("GraphConv", [IN, OUT], {"aggr": "mean", "bias": False}, xew),
    "graphconv reversed": ("GraphConv", [IN, OUT], {"flow": "target_to_source"}, xew),
    "gin": ("GINConv", [mlp], {"eps": 0.3}, xe),
    "gine": ("GINEConv", [mlp], {"train_eps": True, "edge_dim": 2}, xea),
    "transformer": ("TransformerConv", [IN, OUT], {"heads": 2, "edge_dim": 2, "beta": True}, xea),
    "transformer mean": ("TransformerConv", [IN, OUT], {"heads": 2, "concat": False, "bias": False}, xe),
    "sg": ("SGConv", [IN, OUT], {"K": 2}, xew),
    "sg no loops": ("SGConv", [IN, OUT], {"K": 3, "add_self_loops": False, "bias": False}, xe),
    "tag": ("TAGConv", [IN, OUT], {"K": 2}, xe),
    "tag plain": ("TAGConv", [IN, OUT], {"normalize": False}, xew),
    "cheb": ("ChebConv", [IN, OUT, 3], {}, xe),
    "cheb rw": ("ChebConv", [IN, OUT, 4], {"normalization": "rw"}, xe),
    "cheb none": ("ChebConv", [IN, OUT, 2], {"normalization": None}, xe),
    "edge mean": ("EdgeConv", [{"mlp": [2 * IN, 4, OUT]}], {"aggr": "mean"}, xe),
    "simple": ("SimpleConv", [], {"aggr": "mean", "combine_root": "cat"}, xew),
    "simple sum": ("SimpleConv", [], {"combine_root": "sum"}, xe),
    "simple loops": ("SimpleConv", [], {"aggr": "max", "combine_root": "self_loop"}, xew),
    "simple mul": ("SimpleConv", [], {"aggr": "mul"}, xe),
    "simple min": ("SimpleConv", [], {"aggr": "min"}, xew),
    "nn": ("NNConv", [IN, OUT, {"mlp": [2, 4, IN * OUT]}], {"aggr": "mean"}, xea),
    "linear": ("Linear", [IN, OUT], {}, ["x"]),
    "batch norm": ("BatchNorm", [IN], {}, ["x"]),
    "batch norm, training": ("BatchNorm", [IN], {}, ["x"], True),
    "batch norm, means": ("BatchNorm", [IN], {"momentum": None, "affine": False}, ["x"], True),
    "layer norm": ("LayerNorm", [IN], {}, ["x"]),
    "layer norm, graphs": ("LayerNorm", [IN], {}, ["x", "batch"]),
    "layer norm, nodes": ("LayerNorm", [IN], {"mode": "node"}, ["x"]),
    "graph norm": ("GraphNorm", [IN], {}, ["x", "batch"]),
    "graph norm, one": ("GraphNorm", [IN], {}, ["x"]),
    "mlp": ("MLP", [[IN, 4, OUT]], {"norm": "layer_norm", "act": "tanh"}, ["x"]),
    "mlp, training": ("MLP", [[IN, 4, OUT]], {"plain_last": False}, ["x"], True),
    "sum aggregation": ("SumAggregation", [], {}, ["x"]),
    "mean aggregation": ("MeanAggregation", [], {}, ["x"]),
    "max aggregation": ("MaxAggregation", [], {}, ["x"]),
    "min aggregation": ("MinAggregation", [], {}, ["x"]),
    "mul aggregation": ("MulAggregation", [], {}, ["x"]),
    "var aggregation": ("VarAggregation", [], {}, ["x"]),
    "std aggregation": ("StdAggregation", [], {}, ["x"]),
    "softmax aggregation": ("SoftmaxAggregation", [], {"learn": True, "t": 0.5}, ["x"]),
    "lstm aggregation": ("LSTMAggregation", [IN, OUT], {}, ["x"]),
    "attentional aggregation": ("AttentionalAggregation", [{"mlp": [IN, 1]}, {"mlp": [IN, 4]}], {}, ["x"]),
    "multi aggregation": ("MultiAggregation", [["mean", "max", "sum"]], {}, ["x"]),
    "multi aggregation, logsumexp": ("MultiAggregation", [["mean", "max", "sum"]], {"mode": "logsumexp"}, ["x"]),
    "topk": ("TopKPooling", [IN], {"ratio": 0.6}, ["x", "edges", "batch"]),
    "topk, number": ("TopKPooling", [IN], {"ratio": 2, "multiplier": 2.0}, ["x", "edges"]),
    "sag": ("SAGPooling", [IN], {}, ["x", "edges", "batch"]),
    "topk, least score": ("TopKPooling", [IN], {"min_score": 0.3}, ["x", "edges", "batch"]),
    "sag, least score": ("SAGPooling", [IN], {"min_score": 0.2, "multiplier": 3.0}, ["x", "edges", "batch"]),
    "GCN": ("GCN", [IN, 4, 2], {"out_channels": OUT}, xew),
    "GCN, jumping": ("GCN", [IN, 4, 3], {"out_channels": OUT, "jk": "cat", "norm": "layer_norm"}, xe),
    "GCN, jumping by LSTM": ("GCN", [IN, 4, 3], {"out_channels": OUT, "jk": "lstm"}, xe),
    "GraphSAGE": ("GraphSAGE", [IN, 4, 2], {"jk": "max", "act": "elu"}, xe),
    "GIN": ("GIN", [IN, 4, 2], {"out_channels": OUT, "norm": "batch_norm"}, xe),
    "GAT": ("GAT", [IN, 4, 2], {"out_channels": OUT, "heads": 2}, xe),
    "GAT, v2": ("GAT", [IN, 4, 3], {"heads": 2, "v2": True, "jk": "last"}, xe),
}

out = {
    "graph": {"x": plain(X), "weight": plain(WEIGHT), "attr": plain(ATTR), "edges": EDGES.tolist(), "batch": BATCH.tolist()},
    "cases": {name: record(*case) for name, case in CASES.items()},
}
json.dump(out, open("pyg.json", "w"), separators=(",", ":"))
