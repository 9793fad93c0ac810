"""PyTorch Geometric as a contestant: `pyg_peer.py THREADS WORKLOAD`. An epoch of training, as its examples write it."""

import sys

threads = int(sys.argv[1])

from common import absent, repeated, take_part

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    import torch_geometric
    from torch_geometric.data import Data
    from torch_geometric.datasets import KarateClub
    from torch_geometric.loader import DataLoader
    from torch_geometric.nn import GATConv, GCNConv, global_mean_pool
except ImportError as error:
    absent(str(error))
torch.set_num_threads(threads)
random = np.random.default_rng(1)


class Network(torch.nn.Module):
    """Convolutions with an activation behind each but the last of them, or behind all where a layer follows."""

    def __init__(self, workload):
        super().__init__()
        self.dropout = workload.get("dropout", 0)
        self.pools = "graphs" in workload
        self.activation = {"tanh": torch.tanh, "relu": F.relu, "elu": F.elu}[workload["activation"]]
        sizes = [workload["features"], *workload["hidden"]]
        heads = workload.get("heads")
        # The structure of one graph does not change, so its normalisation is kept.
        make = GCNConv if self.pools else lambda i, o: GCNConv(i, o, cached=True)
        convs = []
        for a, b in zip(sizes, sizes[1:]):
            convs.append(GATConv(a, b, heads=heads, dropout=self.dropout) if heads else make(a, b))
        last = sizes[-1] * (heads or 1)
        classes = workload["classes"]
        self.linear = torch.nn.Linear(last, classes) if workload.get("classifier") else None
        if not self.linear:
            convs.append(
                GATConv(last, classes, heads=1, concat=False, dropout=self.dropout)
                if heads
                else make(last, classes)
            )
        self.convs = torch.nn.ModuleList(convs)

    def forward(self, x, edge_index, batch=None):
        for i, conv in enumerate(self.convs):
            x = conv(F.dropout(x, self.dropout, self.training), edge_index)
            if self.linear or i + 1 < len(self.convs):
                x = self.activation(x)
        if self.pools:
            x = global_mean_pool(x, batch)
        return self.linear(x) if self.linear else x


def random_graph(nodes, pairs, features, classes, density=None):
    """Undirected edges between random nodes; binary features of the given density whose rows sum to 1, or uniform ones."""
    ends = random.integers(0, nodes, (2, pairs))
    edges = torch.from_numpy(np.concatenate([ends, ends[::-1]], axis=1))
    x = random.random((nodes, features), dtype=np.float32)
    if density is not None:
        x = (x < density).astype(np.float32)
        x /= np.maximum(1, x.sum(1, keepdims=True))
    return torch.from_numpy(x), edges, torch.from_numpy(random.integers(0, classes, nodes))


def one_graph(workload, model, step):
    if workload["graph"] == "karate":
        data = KarateClub()[0]
        x, edges, y, mask = data.x, data.edge_index, data.y, data.train_mask
    else:
        x, edges, y = random_graph(
            workload["nodes"], workload["pairs"], workload["features"], workload["classes"], workload.get("density")
        )
        mask = torch.zeros(len(y), dtype=torch.bool)
        mask[: workload["labelled"]] = True
    return lambda: step(lambda: F.cross_entropy(model(x, edges)[mask], y[mask])).item()


def many_graphs(workload, step, model):
    graphs = []
    for _ in range(workload["graphs"]):
        nodes = int(random.integers(workload["nodes"] // 2, workload["nodes"] * 3 // 2 + 1))
        pairs = round(workload["pairs"] * nodes / workload["nodes"])
        x, edges, _ = random_graph(nodes, pairs, workload["features"], 2)
        graphs.append(Data(x=x, edge_index=edges, y=torch.tensor([int(random.integers(0, 2))])))
    loader = DataLoader(graphs, batch_size=workload["batch"], shuffle=True)

    def epoch():
        for batch in loader:
            step(lambda: F.cross_entropy(model(batch.x, batch.edge_index, batch.batch), batch.y)).item()

    return epoch


def training(workload):
    model = Network(workload).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def step(loss_of):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        return loss

    if "graphs" in workload:
        epoch = many_graphs(workload, step, model)
    else:
        epoch = one_graph(workload, model, step)
    return repeated(epoch, workload["epochs"])


name = f"PyTorch Geometric {torch_geometric.__version__} on PyTorch {torch.__version__.split('+')[0]}, {threads} threads"
take_part(name, {"graph": training})
