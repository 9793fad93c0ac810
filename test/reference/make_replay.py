"""Records replay.json: what PyTorch and NumPy draw."""

import json

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader

torch.manual_seed(1234)
t = {
    "rand": torch.rand(3).tolist(),
    "uniform": torch.empty(5).uniform_(-0.4, 0.7).tolist(),
    "double": torch.rand(2, dtype=torch.float64).tolist(),
    "randperm": torch.randperm(20).tolist(),
    "random": str(torch.empty((), dtype=torch.int64).random_().item()),
    "randint": torch.randint(-3, 9, (6,)).tolist(),
    "randn": torch.randn(5).tolist(),
    "manyNormals": torch.randn(19).tolist(),
    "dropout": F.dropout(torch.ones(12), 0.4).tolist(),
}
linear = torch.nn.Linear(3, 2)
t["linear"] = [linear.weight.flatten().tolist(), linear.bias.tolist()]
loader = DataLoader(list(range(9)), batch_size=4, shuffle=True)
t["loader"] = [[x.tolist() for x in loader] for _ in range(2)]
t["after"] = torch.rand(1).item()
torch.manual_seed(7)
u = torch.empty(100000).uniform_(-0.3333, 0.1)
t["checksum"] = [int(u.view(torch.int32).to(torch.int64).sum().item()), u[99999].item()]

r = np.random.RandomState(42)
n = {
    "random": r.random_sample(3).tolist(),
    "permutation": r.permutation(12).tolist(),
    "normal": r.normal(1, 2, 5).tolist(),
    "randint": r.randint(-5, 100, 8).tolist(),
    "uniform": r.uniform(-1, 3, 2).tolist(),
}
json.dump({"torch": t, "numpy": n}, open("replay.json", "w"), indent=1)
