"""Training steps of the networks of bench/networks.mjs in PyTorch eager: one for each line that comes in, then a line of JSON.

Usage: python3 networks.py resnet18|gpt STEPS THREADS"""
import json, pathlib, resource, sys, time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "test" / "networks"))
import torch
import torch.nn.functional as F
from torchNetworks import Cifar, Gpt

name, steps, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)
if name == "resnet18":
    net = Cifar(64, 10)
    x, y = torch.randn(64, 3, 32, 32), torch.randint(0, 10, (64,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
else:
    net = Gpt(6, 8, 512, 256, 256, False)
    for p in net.parameters():
        if p.dim() >= 2:
            torch.nn.init.normal_(p, std=0.02)
    x, y = torch.randint(0, 256, (8, 256)), torch.randint(0, 256, (8, 256))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4, weight_decay=0.1)
for _ in range(steps):
    if not sys.stdin.readline():
        break
    started = time.perf_counter()
    loss = F.cross_entropy(net(x).reshape(-1, 10 if name == "resnet18" else 256), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    loss.item()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peakMegabytes": peak, "version": torch.__version__}), flush=True)
