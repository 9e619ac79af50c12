"""Writes torchNetworks.json: losses, gradients and parameters after three steps of small networks in PyTorch, in float64. Weights and
inputs come from a formula that the test evaluates too. Of a tensor the file keeps its norm, products with four vectors of the
same formula and up to 16 entries. Run: python3 torchNetworks.py (torch, torchvision; any recent version); with the argument
"full" it writes torchNetworksFull.json, of ResNet-18 and GPT in the sizes of the settings."""
import json, math, pathlib, sys
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision


def noise(count, key):
    """Numbers in [-1/2, 1/2), float32 exactly."""
    i = torch.arange(count, dtype=torch.float64)
    x = torch.sin(i * 12.9898 + key * 78.233 + 1) * 43758.5453
    return ((x - torch.floor(x)) * 2**20).floor() / 2**20 - 0.5


def summary(t):
    flat = t.detach().flatten()
    stride = max(1, len(flat) // 16)
    return {
        "norm": flat.norm().item(),
        "along": [(flat @ noise(len(flat), 1000 + k)).item() for k in range(4)],
        "entries": flat[::stride][:16].tolist(),
    }


def fill(net, names):
    for k, name in enumerate(names):
        p = net.get_parameter(name)
        scale = 0.2 if p.dim() < 2 else 3.4 / math.sqrt(p[0].numel())
        offset = 1 if p.dim() < 2 and name.endswith("weight") else 0
        p.data = (noise(p.numel(), k).view(p.shape) * scale).float().double() + offset
        p.data = p.data.float().double()


class Cifar(torchvision.models.ResNet):
    """Of a quarter of ResNet-18's channels, with the stem and head of res1."""

    def __init__(self, width, outputs):
        super().__init__(torchvision.models.resnet.BasicBlock, [2, 2, 2, 2])
        c = [width, 2 * width, 4 * width, 8 * width]
        self.conv1 = nn.Conv2d(3, c[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(c[0])
        block, self.inplanes = torchvision.models.resnet.BasicBlock, c[0]
        self.layer1 = self._make_layer(block, c[0], 2)
        self.layer2 = self._make_layer(block, c[1], 2, stride=2)
        self.layer3 = self._make_layer(block, c[2], 2, stride=2)
        self.layer4 = self._make_layer(block, c[3], 2, stride=2)
        del self.fc, self.maxpool
        self.fc1, self.fc2 = nn.Linear(c[3], c[3]), nn.Linear(c[3], outputs)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc2(F.relu(self.fc1(x.mean((2, 3)))))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.ModuleDict({"c_attn": nn.Linear(width, 3 * width), "c_proj": nn.Linear(width, width)})
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)})

    def forward(self, x):
        n, T, width = x.shape
        split = lambda t: t.view(n, T, self.heads, -1).transpose(1, 2)
        q, k, v = map(split, self.attn["c_attn"](self.ln_1(x)).split(width, 2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n, T, width)
        x = x + self.attn["c_proj"](y)
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x))))


class Gpt(nn.Module):
    def __init__(self, layers, heads, width, context, vocabulary, tied):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(vocabulary, width), "wpe": nn.Embedding(context, width),
            "h": nn.ModuleList(Block(width, heads) for _ in range(layers)), "ln_f": nn.LayerNorm(width)})
        self.lm_head = nn.Linear(width, vocabulary, bias=False)
        if tied:
            self.lm_head.weight = self.transformer["wte"].weight

    def forward(self, x):
        t = self.transformer
        h = t["wte"](x) + t["wpe"].weight
        for block in t["h"]:
            h = block(h)
        return self.lm_head(t["ln_f"](h))


def nt_xent(z, partner, temperature):
    z = F.normalize(z)
    s = (z @ z.T / temperature).masked_fill(torch.eye(len(z), dtype=torch.bool), -torch.inf)
    return F.cross_entropy(s, partner)


def run(net, batches, loss, optimizer, clip=None, parts=1):
    """Each batch in so many parts of equal size, whose gradients accumulate before an update."""
    names = [name for name, _ in net.named_parameters()]
    fill(net, names)
    opt = optimizer(net)
    losses, gradients = [], None
    for x, y in batches:
        opt.zero_grad()
        pieces = list(zip(x.chunk(parts), y.chunk(parts)))
        value = 0.0
        for one, target in pieces:
            share = loss(net(one), target) / len(pieces)
            share.backward()
            value += share.item()
        gradients = gradients or {name: summary(p.grad) for name, p in net.named_parameters()}
        if clip is not None:
            nn.utils.clip_grad_norm_(net.parameters(), clip)
        opt.step()
        losses.append(value)
    result = {"names": names, "losses": losses, "gradients": gradients}
    result["parameters"] = {name: summary(p) for name, p in net.named_parameters()}
    result["buffers"] = {name: summary(b) for name, b in net.named_buffers() if "running" in name}
    return result


def images(n, side=16):
    return [(noise(n * 3 * side * side, 500 + k).view(n, 3, side, side) * 3).float().double() for k in range(3)]


def tokens(n, T, V, key):
    return ((noise(n * T, key) + 0.5) * V).long().view(n, T)


sgd = lambda net: torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)


def adamw(net):
    p = list(net.parameters())
    groups = [{"params": [q for q in p if q.dim() >= 2], "weight_decay": 0.1},
              {"params": [q for q in p if q.dim() < 2], "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), eps=1e-4)


shorten = lambda v: float(f"{v:.9g}") if isinstance(v, float) else v


def walk(v):
    if isinstance(v, dict):
        return {k: walk(w) for k, w in v.items()}
    return [walk(w) for w in v] if isinstance(v, list) else shorten(v)


def words(n, T, V):
    return [(tokens(n, T, V, 700 + k), tokens(n, T, V, 710 + k)) for k in range(3)]


words_loss = lambda f, y: F.cross_entropy(f.flatten(0, 1), y.flatten())


def small():
    labels = [((noise(8, 600 + k) + 0.5) * 10).long() for k in range(3)]
    partner = torch.tensor([4, 5, 6, 7, 0, 1, 2, 3])
    smooth = lambda f, y: F.cross_entropy(f, y, label_smoothing=0.1)
    return {
        "resnet18": run(Cifar(8, 10), list(zip(images(8), labels)), F.cross_entropy, sgd),
        "smoothed": run(Cifar(8, 10), list(zip(images(8), labels)), smooth, sgd),
        "accumulated": run(Cifar(8, 10), list(zip(images(8), labels)), F.cross_entropy, sgd, parts=2),
        "simclr": run(Cifar(8, 16), [(x, partner) for x in images(8)], lambda f, y: nt_xent(f, y, 0.5), sgd),
        "gpt": run(Gpt(2, 4, 32, 12, 29, False), words(3, 12, 29), words_loss, adamw),
        "tied": run(Gpt(2, 4, 32, 12, 29, True), words(3, 12, 29), words_loss, adamw, clip=0.5),
    }


def full():
    labels = [((noise(8, 600 + k) + 0.5) * 10).long() for k in range(3)]
    return {
        "resnet18": run(Cifar(64, 10), list(zip(images(8, 32), labels)), F.cross_entropy, sgd),
        "gpt": run(Gpt(6, 8, 512, 256, 256, False), words(2, 256, 256), words_loss, adamw),
    }


def main():
    torch.set_default_dtype(torch.float64)
    is_full = sys.argv[1:] == ["full"]
    out = pathlib.Path(__file__).with_name("torchNetworksFull.json" if is_full else "torchNetworks.json")
    out.write_text(json.dumps(walk(full() if is_full else small()), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
