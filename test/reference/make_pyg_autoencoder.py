"""Records pyg-autoencoder.json: what PyTorch Geometric's GAE and VGAE compute, with the noise of seed 9 while training."""

import json

import torch
from torch_geometric.nn import GAE, VGAE, GCNConv

EDGES = torch.tensor([[0, 1, 1, 2, 3, 3, 4, 0, 2, 5], [1, 0, 2, 1, 4, 2, 3, 5, 3, 0]])
NEGATIVE = torch.tensor([[0, 1, 2, 4], [3, 4, 5, 1]])
torch.manual_seed(1)
X = torch.randn(6, 3)


class Encoder(torch.nn.Module):
    def __init__(self, moments):
        super().__init__()
        self.conv = GCNConv(3, 4)
        self.mean = GCNConv(4, 4)
        self.std = GCNConv(4, 4) if moments else None

    def forward(self, x, edges):
        h = self.conv(x, edges).tanh()
        return self.mean(h, edges) if self.std is None else (self.mean(h, edges), self.std(h, edges))


def plain(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.detach().double().flatten()]}


def record(name, training):
    torch.manual_seed(7)
    model = (GAE if name == "GAE" else VGAE)(Encoder(name == "VGAE")).train(training)
    init = {k: plain(v) for k, v in model.state_dict().items()}
    torch.manual_seed(9)
    z = model.encode(X, EDGES)
    recon = model.recon_loss(z, EDGES, NEGATIVE)
    loss, kl = recon, {}
    if name == "VGAE":
        divergence = model.kl_loss()
        kl = {"kl": plain(divergence)}
        loss = recon + divergence / 6
    loss.backward()
    return {
        "model": name,
        "training": training,
        "weights": init,
        "z": plain(z),
        "probabilities": plain(model.decode(z, EDGES)),
        "logits": plain(model.decoder(z, NEGATIVE, sigmoid=False)),
        "all": plain(model.decoder.forward_all(z)),
        "recon": plain(recon),
        **kl,
        "gradients": {k: plain(p.grad) for k, p in model.named_parameters() if p.grad is not None},
    }


cases = {f"{name}, training" if training else name: record(name, training) for name in ("GAE", "VGAE") for training in (False, True)}
recorded = {"x": plain(X), "edges": EDGES.tolist(), "negative": NEGATIVE.tolist(), "cases": cases}
with open("pyg-autoencoder.json", "w") as f:
    json.dump(recorded, f, separators=(",", ":"))
    f.write("\n")
