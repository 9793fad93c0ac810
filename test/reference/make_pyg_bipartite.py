"""Records pyg-bipartite.json: operators between two kinds of nodes, as PyTorch Geometric computes them.

Every case holds the weights after manual_seed(7), the output and the gradients of sum(output * c). Target 2 has no edge.
"""

import json

import torch
import torch_geometric.nn as g
from torch.nn import Linear, ReLU, Sequential

EDGES = torch.tensor([[0, 1, 1, 4, 3, 3, 2, 0, 4], [1, 0, 3, 1, 3, 3, 0, 0, 5]])
MORE = torch.tensor([[0, 1, 1, 4, 3, 3, 2, 0, 4], [1, 0, 3, 1, 3, 3, 0, 0, 3]])
torch.manual_seed(1)
SOURCE, TARGET, SAME = torch.randn(5, 3), torch.randn(7, 2), torch.randn(7, 3)
WEIGHT, ATTR = torch.rand(9) + 0.25, torch.randn(9, 2)
FEW = torch.randn(4, 2)


def mlp(*w):
    return Sequential(*[m for i in range(len(w) - 1) for m in ([Linear(w[i], w[i + 1])] + ([ReLU()] if i + 2 < len(w) else []))])


def build(spec):
    return mlp(*spec["mlp"]) if isinstance(spec, dict) else tuple(spec) if isinstance(spec, list) else spec


def plain(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.detach().double().flatten()]}


def record(op, args, options, target, values=None):
    torch.manual_seed(7)
    module = getattr(g, op)(*[build(a) for a in args], **options)
    weights = {k: plain(v) for k, v in module.state_dict().items()}
    source = SOURCE.clone().requires_grad_()
    own = {"target": TARGET, "same": SAME, "few": FEW}.get(target)
    own = own.clone().requires_grad_() if own is not None else None
    edges = MORE if target == "few" else EDGES
    named = {"weight": {"edge_weight": WEIGHT}, "attr": {"edge_attr": ATTR}}.get(values, {})
    if own is None:
        named = {**named, "size": (5, 7)}
    out = module((source, own), edges, **named)
    c = torch.randn(out.shape, generator=torch.Generator().manual_seed(5))
    (out * c).sum().backward()
    grads = {f"weight:{k}": plain(p.grad) for k, p in module.named_parameters() if p.grad is not None}
    grads["source"] = plain(source.grad)
    if own is not None and own.grad is not None:
        grads["target"] = plain(own.grad)
    return {"op": op, "args": args, "options": options, "target": target, "values": values, "text": str(module), "weights": weights, "output": plain(out), "cotangent": plain(c), "gradients": grads}


pair = [3, 2]
CASES = {
    "sage": ("SAGEConv", [pair, 4], {}, "target"),
    "sage, no targets": ("SAGEConv", [pair, 4], {"project": True, "aggr": "max"}, None),
    "graphconv": ("GraphConv", [pair, 4], {"aggr": "mean"}, "target", "weight"),
    "graphconv, no targets": ("GraphConv", [pair, 4], {}, None, "weight"),
    "gin": ("GINConv", [{"mlp": [3, 4, 2]}], {"eps": 0.3}, "same"),
    "gin, no targets": ("GINConv", [{"mlp": [3, 4, 2]}], {}, None),
    "gine": ("GINEConv", [{"mlp": [3, 4, 2]}], {"edge_dim": 2}, "same", "attr"),
    "edge": ("EdgeConv", [{"mlp": [6, 4, 2]}], {}, "same"),
    "nn": ("NNConv", [pair, 4, {"mlp": [2, 12]}], {}, "target", "attr"),
    "simple": ("SimpleConv", [], {"combine_root": "cat"}, "target", "weight"),
    "simple, no targets": ("SimpleConv", [], {"aggr": "max"}, None),
    "transformer": ("TransformerConv", [pair, 4], {"heads": 2, "edge_dim": 2, "beta": True}, "target", "attr"),
    # With self-loops PyTorch Geometric cannot average the features of edges to targets beyond the sources.
    "gat": ("GATConv", [pair, 4], {"heads": 2, "edge_dim": 2, "add_self_loops": False}, "target", "attr"),
    "gat, loops": ("GATConv", [pair, 4], {"heads": 2}, "target"),
    "gat, fewer targets": ("GATConv", [pair, 4], {"residual": True}, "few"),
    "gat, one width": ("GATConv", [3, 4], {"add_self_loops": False, "concat": False, "heads": 2}, "same"),
    "gat, no targets": ("GATConv", [pair, 4], {"add_self_loops": False}, None),
    "gatv2": ("GATv2Conv", [pair, 4], {"heads": 2, "residual": True}, "target"),
    "gatv2, fewer targets": ("GATv2Conv", [pair, 4], {"edge_dim": 2, "fill_value": 0.5}, "few", "attr"),
    "gatv2, shared": ("GATv2Conv", [3, 4], {"share_weights": True, "add_self_loops": False}, "same"),
}
recorded = {
    "source": plain(SOURCE), "target": plain(TARGET), "same": plain(SAME), "few": plain(FEW), "weight": plain(WEIGHT), "attr": plain(ATTR),
    "edges": EDGES.tolist(), "edgesToFew": MORE.tolist(), "cases": {name: record(*case) for name, case in CASES.items()},
}
with open("pyg-bipartite.json", "w") as f:
    json.dump(recorded, f, separators=(",", ":"))
    f.write("\n")
