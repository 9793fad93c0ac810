"""Records pyg-utils.json: what PyTorch Geometric's functions of edges and its transforms give."""

import json

import torch
import torch_geometric.transforms as T
from torch_geometric import utils as U
from torch_geometric.data import Data

g = torch.Generator().manual_seed(3)
edges = torch.tensor([[0, 2, 2, 1, 0, 4, 4, 3, 1, 5], [1, 1, 2, 0, 1, 2, 4, 1, 1, 0]])
attr = torch.tensor([1.5, -2, 3, 0.5, 4, -1, 2.5, 6, -3.5, 0.25])
wide = torch.stack([attr, attr * 2 - 1], dim=1)
N = 7


def plain(v):
    if isinstance(v, Data):
        return {k: plain(x) for k, x in v.to_dict().items() if x is not None}
    if isinstance(v, torch.Tensor):
        return v.tolist()
    if isinstance(v, (tuple, list)):
        return [plain(x) for x in v]
    return v


out = {
    "degree": U.degree(edges[1], N),
    "addSelfLoops": U.add_self_loops(edges, num_nodes=N),
    "addSelfLoops 2": U.add_self_loops(edges, attr, 2.0, N),
    "addSelfLoops row": U.add_self_loops(edges, wide, torch.tensor([5.0, 7.0]), N),
    **{f"addSelfLoops {r}": U.add_self_loops(edges, wide, r, N) for r in ["add", "mean", "min", "max", "mul"]},
    "addRemainingSelfLoops": U.add_remaining_self_loops(edges, wide, "mean", N),
    "removeSelfLoops": U.remove_self_loops(edges, wide),
    "coalesce": U.coalesce(edges, wide),
    "coalesce mean": U.coalesce(edges, attr, reduce="mean"),
    "coalesce max": U.coalesce(edges, attr, reduce="max"),
    "coalesce columns": U.coalesce(edges, attr, sort_by_row=False),
    "sortEdgeIndex": U.sort_edge_index(edges, attr),
    "toUndirected": U.to_undirected(edges, wide),
    "toUndirected min": U.to_undirected(edges, attr, reduce="min"),
    "isUndirected": [U.is_undirected(edges), U.is_undirected(U.to_undirected(edges))],
    "subgraph": U.subgraph([4, 2, 1], edges, wide, num_nodes=N, return_edge_mask=True),
    "subgraph relabelled": U.subgraph([4, 2, 1], edges, attr, relabel_nodes=True, num_nodes=N),
    "subgraph mask": U.subgraph(torch.tensor([1, 1, 0, 0, 1, 1, 0]).bool(), edges, attr, relabel_nodes=True),
    "kHopSubgraph": U.k_hop_subgraph([1, 5], 1, edges, num_nodes=N),
    "kHopSubgraph relabelled": U.k_hop_subgraph(2, 2, edges, relabel_nodes=True, num_nodes=N),
    "kHopSubgraph directed": U.k_hop_subgraph(1, 2, edges, num_nodes=N, directed=True, flow="target_to_source"),
    "removeIsolatedNodes": U.remove_isolated_nodes(edges, attr, num_nodes=N),
    "toDenseAdj": U.to_dense_adj(edges, edge_attr=attr),
    "toDenseAdj batch": U.to_dense_adj(
        torch.tensor([[0, 1, 3, 3, 2], [1, 0, 4, 4, 2]]), torch.tensor([0, 0, 1, 1, 1]), max_num_nodes=2
    ),
    "denseToSparse": U.dense_to_sparse(torch.tensor([[[0.0, 2.0], [0.0, 1.0]], [[3.0, 0.0], [0.5, 0.0]]])),
}
torch.manual_seed(7)
out["dropoutEdge"] = U.dropout_edge(edges, 0.4)
out["dropoutEdge undirected"] = U.dropout_edge(edges, 0.3, force_undirected=True)
out["dropoutNode"] = U.dropout_node(edges, 0.4, N, relabel_nodes=True)


def graph(**more):
    return Data(
        x=torch.tensor([[1.0, 2], [0, -1], [3, 0.5], [0, 0], [1, 1], [2, 8], [4, 4]]),
        edge_index=edges.clone(),
        edge_attr=wide.clone(),
        y=torch.tensor([0, 1, 0, 1, 1, 0, 0]),
        pos=torch.tensor([[0.0, 0], [1, 0.5], [3, -2], [0.25, 1], [-1, 1], [2, 2], [5, 0]]),
        **more,
    )


transforms = {
    "NormalizeFeatures": T.NormalizeFeatures(),
    "AddSelfLoops": T.AddSelfLoops("edge_attr", "mean"),
    "ToUndirected": T.ToUndirected("max"),
    "OneHotDegree": T.OneHotDegree(6),
    "OneHotDegree in": T.OneHotDegree(6, in_degree=True, cat=False),
    "Constant": T.Constant(2.5),
    "Constant alone": T.Constant(cat=False),
    "Distance": T.Distance(),
    "Distance raw": T.Distance(norm=False, cat=False),
    "Distance interval": T.Distance(max_value=10.0, cat=False, interval=(-1.0, 1.0)),
    "Cartesian": T.Cartesian(cat=False),
    "Cartesian interval": T.Cartesian(max_value=4.0, interval=(2.0, 6.0)),
    "Cartesian raw": T.Cartesian(norm=False, cat=False),
    "Compose": T.Compose([T.Constant(), T.Distance()]),
}
out["transforms"] = {name: [str(t), t(graph())] for name, t in transforms.items()}

club = Data(
    x=torch.zeros(60, 1), y=torch.arange(60) % 3, edge_index=U.erdos_renyi_graph(60, 0.1, directed=False)
)
splits = {
    "trainRest": T.RandomNodeSplit(num_val=10, num_test=0.25),
    "testRest": T.RandomNodeSplit("test_rest", num_train_per_class=4, num_val=0.225),
    "random": T.RandomNodeSplit("random", num_splits=2, num_train_per_class=5, num_val=8, num_test=12),
}
out["nodeSplits"] = {}
for name, t in splits.items():
    torch.manual_seed(11)
    d = t(club)
    out["nodeSplits"][name] = [str(t)] + [d[f"{part}_mask"].int().tolist() for part in ["train", "val", "test"]]
out["links"] = {"edges": club.edge_index}
for name, t in {
    "directed": T.RandomLinkSplit(),
    "undirected": T.RandomLinkSplit(is_undirected=True, num_val=0.05, num_test=0.1, neg_sampling_ratio=0.5),
    "split": T.RandomLinkSplit(num_val=6, num_test=9, split_labels=True, disjoint_train_ratio=0.3),
    "alone": T.RandomLinkSplit(add_negative_train_samples=False),
}.items():
    torch.manual_seed(13)
    out["links"][name] = [str(t), [[str(d), d.edge_index, sorted(d.keys())] for d in t(club)]]


def clean(v):
    if isinstance(v, dict):
        return {k: clean(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [clean(x) for x in v]
    return plain(v)


json.dump(clean(out), open("pyg-utils.json", "w"))
