"""Small models of the architectures that people bring, with random weights: what generate.py exports and measures."""
import copy

import torch, torch.nn as nn, torch.nn.functional as F


class RMSNorm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


def rotate(x):
    a, b = x.chunk(2, -1)
    return torch.cat((-b, a), -1)


class RotaryAttention(nn.Module):
    """Rotary positions and fewer heads of keys and values than of queries."""

    def __init__(self, d, heads, kv, T, sdpa):
        super().__init__()
        self.heads, self.kv, self.d, self.sdpa = heads, kv, d // heads, sdpa
        self.q_proj, self.k_proj = nn.Linear(d, d, bias=False), nn.Linear(d, kv * self.d, bias=False)
        self.v_proj, self.o_proj = nn.Linear(d, kv * self.d, bias=False), nn.Linear(d, d, bias=False)
        angle = torch.outer(torch.arange(T).float(), 100 ** -(torch.arange(0, self.d, 2) / self.d)).repeat(1, 2)
        self.register_buffer("cos", angle.cos())
        self.register_buffer("sin", angle.sin())

    def forward(self, x):
        B, T, _ = x.shape
        q, k, v = (p(x).view(B, T, -1, self.d).transpose(1, 2) for p in (self.q_proj, self.k_proj, self.v_proj))
        q, k = (u * self.cos[:T] + rotate(u) * self.sin[:T] for u in (q, k))
        if self.sdpa:
            out = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        else:
            repeat = self.heads // self.kv
            k, v = (u[:, :, None].expand(B, self.kv, repeat, T, self.d).reshape(B, self.heads, T, self.d) for u in (k, v))
            mask = torch.full((T, T), float("-inf"), dtype=x.dtype).triu(1)
            out = (q @ k.transpose(-2, -1) / self.d**0.5 + mask).softmax(-1) @ v
        return self.o_proj(out.transpose(1, 2).reshape(B, T, -1))


class SwiGLU(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.gate_proj, self.up_proj = nn.Linear(d, hidden, bias=False), nn.Linear(d, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, d, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderBlock(nn.Module):
    def __init__(self, d, heads, kv, T, sdpa):
        super().__init__()
        norm = nn.RMSNorm if sdpa else RMSNorm
        self.norm1, self.self_attn = norm(d), RotaryAttention(d, heads, kv, T, sdpa)
        self.norm2, self.mlp = norm(d), SwiGLU(d, 2 * d)

    def forward(self, x):
        x = x + self.self_attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Decoder(nn.Module):
    """A language model in today's fashion; the output head is the token embedding."""

    def __init__(self, vocab=24, d=16, heads=4, kv=2, T=8, sdpa=False):
        super().__init__()
        self.embed = nn.Embedding(vocab, d)
        self.layers = nn.ModuleList(DecoderBlock(d, heads, kv, T, sdpa) for _ in range(2))
        self.norm, self.lm_head = RMSNorm(d), nn.Linear(d, vocab, bias=False)
        self.lm_head.weight = self.embed.weight

    def forward(self, ids):
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x)
        return self.lm_head(self.norm(x))


class InOut(nn.Module):
    """A linear layer whose weight is stored (in, out), as GPT-2's is."""

    def __init__(self, d, out):
        super().__init__()
        self.weight, self.bias = nn.Parameter(0.2 * torch.randn(d, out)), nn.Parameter(torch.zeros(out))

    def forward(self, x):
        return torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight).view(x.size()[:-1] + (self.bias.numel(),))


class FusedAttention(nn.Module):
    """GPT-2's block: addmm over flattened tokens, attention as one call."""

    def __init__(self, d, heads):
        super().__init__()
        self.c_attn, self.c_proj, self.heads = InOut(d, 3 * d), InOut(d, d), heads

    def forward(self, x):
        B, T, d = x.shape
        q, k, v = (u.view(B, T, self.heads, -1).transpose(1, 2) for u in self.c_attn(x).split(d, 2))
        return self.c_proj(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(B, T, d))


class GPT2(nn.Module):
    def __init__(self, vocab=24, d=16, heads=2, T=8):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, d), nn.Embedding(T, d)
        self.ln_1, self.attn = nn.LayerNorm(d), FusedAttention(d, heads)
        self.ln_2, self.c_fc, self.c_proj = nn.LayerNorm(d), InOut(d, 4 * d), InOut(4 * d, d)
        self.ln_f, self.lm_head = nn.LayerNorm(d), nn.Linear(d, vocab, bias=False)

    def forward(self, ids):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        x = x + self.attn(self.ln_1(x))
        x = x + self.c_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))
        return self.lm_head(self.ln_f(x))


class ViT(nn.Module):
    """Patch embedding by convolution, class token, nn.MultiheadAttention with its weights asked for: heads as (B heads, T, d)."""

    def __init__(self, d=16, heads=4, classes=5):
        super().__init__()
        self.patch, self.cls = nn.Conv2d(3, d, 4, 4), nn.Parameter(torch.randn(1, 1, d))
        self.pos, self.ln1 = nn.Parameter(0.2 * torch.randn(1, 10, d)), nn.LayerNorm(d)
        self.attn, self.ln2 = nn.MultiheadAttention(d, heads, batch_first=True), nn.LayerNorm(d)
        self.mlp, self.head = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d)), nn.Linear(d, classes)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls.expand(x.shape[0], -1, -1), x), 1) + self.pos
        y = self.ln1(x)
        x = x + self.attn(y, y, y)[0]
        x = x + self.mlp(self.ln2(x))
        return self.head(x[:, 0])


class Encoder(nn.Module):
    """nn.TransformerEncoder in its own layout, time first; average over time."""

    def __init__(self, d=16, batch_first=False):
        super().__init__()
        self.batch_first, self.inp = batch_first, nn.Linear(6, d)
        layer = nn.TransformerEncoderLayer(d, 2, 24, dropout=0.1, batch_first=batch_first, norm_first=batch_first)
        self.encoder, self.out = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(d, 4)

    def forward(self, x):
        x = self.inp(x)
        x = self.encoder(x) if self.batch_first else self.encoder(x.transpose(0, 1)).transpose(0, 1)
        return self.out(x.mean(1))


class Mixer(nn.Module):
    """Token mixing on transposed axes, and by a matrix on the left of the tokens."""

    def __init__(self, T=9, d=12, classes=5):
        super().__init__()
        self.embed, self.n1, self.n2 = nn.Conv2d(3, d, 4, 4), nn.LayerNorm(d), nn.LayerNorm(d)
        self.token = nn.Sequential(nn.Linear(T, 16), nn.GELU(), nn.Linear(16, T))
        self.channel = nn.Sequential(nn.Linear(d, 24), nn.GELU(), nn.Linear(24, d))
        self.spatial, self.head = nn.Parameter(0.3 * torch.randn(T, T)), nn.Linear(d, classes)

    def forward(self, x):
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = x + self.token(self.n1(x).transpose(1, 2)).transpose(1, 2)
        x = x + self.channel(self.n2(x))
        x = x + torch.tanh(torch.matmul(self.spatial, x))
        return self.head(x.mean(1))


class ConvNeXt(nn.Module):
    def __init__(self, c=8, classes=5):
        super().__init__()
        self.stem, self.dwconv = nn.Conv2d(3, c, 2, 2), nn.Conv2d(c, c, 7, padding=3, groups=c)
        self.norm, self.gamma = nn.LayerNorm(c), nn.Parameter(0.5 * torch.ones(c))
        self.pwconv1, self.pwconv2, self.head = nn.Linear(c, 4 * c), nn.Linear(4 * c, c), nn.Linear(c, classes)

    def forward(self, x):
        x = self.stem(x)
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.gamma * self.pwconv2(F.gelu(self.pwconv1(y)))
        return self.head((x + y.permute(0, 3, 1, 2)).mean((-2, -1)))


class MobileNet(nn.Module):
    """Inverted residual with squeeze and excitation."""

    def __init__(self, c=10, classes=5):
        super().__init__()
        self.stem, self.expand = nn.Conv2d(3, c, 3, 2, 1, bias=False), nn.Conv2d(c, 4 * c, 1, bias=False)
        self.bn1, self.depthwise = nn.BatchNorm2d(4 * c), nn.Conv2d(4 * c, 4 * c, 3, 1, 1, groups=4 * c, bias=False)
        self.bn2, self.fc1, self.fc2 = nn.BatchNorm2d(4 * c), nn.Conv2d(4 * c, c, 1), nn.Conv2d(c, 4 * c, 1)
        self.project, self.bn3, self.head = nn.Conv2d(4 * c, c, 1, bias=False), nn.BatchNorm2d(c), nn.Linear(c, classes)

    def forward(self, x):
        x = self.stem(x)
        y = F.hardswish(self.bn1(self.expand(x)))
        y = F.hardswish(self.bn2(self.depthwise(y)))
        y = y * F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(y, 1)))))
        x = x + self.bn3(self.project(y))
        return self.head(F.relu6(x).mean((2, 3)))


class GroupedResNet(nn.Module):
    """Grouped and dilated convolutions, GroupNorm, weight standardization of one kernel, max pooling."""

    def __init__(self, c=12, classes=5):
        super().__init__()
        self.stem, self.n0 = nn.Conv2d(3, c, 3, 1, 1), nn.GroupNorm(3, c)
        self.conv1, self.n1 = nn.Conv2d(c, c, 3, 1, 2, dilation=2, groups=3, bias=False), nn.GroupNorm(3, c)
        self.conv2, self.n2, self.fc = nn.Conv2d(c, c, (1, 3), padding=(0, 1), groups=2), nn.GroupNorm(1, c), nn.Linear(c, classes)

    def forward(self, x):
        x = F.max_pool2d(F.elu(self.n0(self.stem(x))), 3, 2, 1)
        x = x + self.n2(self.conv2(F.leaky_relu(self.n1(self.conv1(x)))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class UNet(nn.Module):
    """Two levels down and up: transposed convolution, bilinear and nearest upsampling, skip connections; a class per pixel."""

    def __init__(self, c=6, classes=3):
        super().__init__()
        self.down1, self.down2, self.deep = nn.Conv2d(3, c, 3, padding=1), nn.Conv2d(c, 2 * c, 3, padding=1), nn.Conv2d(2 * c, 2 * c, 3, padding=1)
        self.up = nn.ConvTranspose2d(2 * c, c, 2, 2)
        self.mid, self.smooth, self.out = nn.Conv2d(3 * c, c, 3, padding=1), nn.Conv2d(2 * c, c, 3, padding=1), nn.Conv2d(c, classes, 1)

    def forward(self, x):
        a = F.relu(self.down1(x))
        b = F.relu(self.down2(F.max_pool2d(a, 2)))
        c = F.relu(self.deep(F.avg_pool2d(b, 2)))
        y = F.relu(self.mid(torch.cat((self.up(c), b), 1)))
        y = F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)
        return self.out(F.relu(self.smooth(torch.cat((y, a), 1))))


class TextCNN(nn.Module):
    def __init__(self, vocab=30, d=8, classes=4):
        super().__init__()
        self.embed = nn.Embedding(vocab, d, padding_idx=0)
        self.convs, self.fc = nn.ModuleList(nn.Conv1d(d, 6, k) for k in (2, 3, 4)), nn.Linear(18, classes)

    def forward(self, ids):
        x = self.embed(ids).transpose(1, 2)
        return self.fc(torch.cat([F.relu(conv(x)).amax(2) for conv in self.convs], 1))


class BatchNormed(nn.Module):
    def __init__(self, c=8, classes=5):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, c, 3, 2, 1, bias=False), nn.BatchNorm2d(c)
        self.conv2, self.bn2 = nn.Conv2d(c, c, 3, 2, 1), nn.BatchNorm2d(c)
        self.fc1, self.bn3, self.fc2 = nn.Linear(9 * c, 20), nn.BatchNorm1d(20), nn.Linear(20, classes)

    def forward(self, x):
        x = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return self.fc2(F.relu(self.bn3(self.fc1(x.flatten(1)))))


class Recurrent(nn.Module):
    def __init__(self, d=6, hidden=10, classes=4):
        super().__init__()
        self.inp, self.lstm, self.fc = nn.Linear(d, d), nn.LSTM(d, hidden, batch_first=True), nn.Linear(hidden, classes)

    def forward(self, x):
        return self.fc(self.lstm(self.inp(x))[0][:, -1])


class RecurrentNet(nn.Module):
    """Any of nn.RNN, nn.GRU and nn.LSTM between linear layers, read at every step or at the last state alone."""

    def __init__(self, kind, d=6, hidden=5, classes=4, last=False, **options):
        super().__init__()
        ways = 2 if options.get("bidirectional") else 1
        self.rnn, self.last, self.batch_first = kind(d, hidden, **options), last, options.get("batch_first", False)
        self.inp, self.fc = nn.Linear(d, d), nn.Linear(ways * hidden, classes)

    def forward(self, x):
        x = torch.tanh(self.inp(x))
        out, state = self.rnn(x if self.batch_first else x.transpose(0, 1))
        h = state[0] if isinstance(state, tuple) else state
        return self.fc(h[-1] if self.last else out.mean(1 if self.batch_first else 0))


class Unrolled(nn.Module):
    """A recurrent layer step by step (the equations on PyTorch's pages of nn.RNN, nn.GRU and nn.LSTM), so that its products are seen."""

    def __init__(self, rnn, name):
        super().__init__()
        self.rnn, self.name = rnn, name

    def forward(self, x):
        rnn = self.rnn
        x = x.transpose(0, 1) if rnn.batch_first else x
        states = []
        for layer in range(rnn.num_layers):
            found = [self.direction(x, layer, way) for way in ["", "_reverse"][: 2 if rnn.bidirectional else 1]]
            x = torch.cat([y for y, _ in found], -1)
            states += [state for _, state in found]
        h = torch.stack([state[0] for state in states])
        x = x.transpose(0, 1) if rnn.batch_first else x
        return x, (h, torch.stack([state[1] for state in states])) if rnn.mode == "LSTM" else h

    def direction(self, x, layer, way):
        get = lambda name: getattr(self.rnn, f"{name}_l{layer}{way}")
        for part in ("ih", "hh"):
            get(f"weight_{part}").map_name = f"{self.name}.{part}{way}" + (f"#{layer + 1}" if layer > 0 else "")
        products = F.linear(x, get("weight_ih"), get("bias_ih"))
        h = c = torch.zeros(x.shape[1], self.rnn.hidden_size, dtype=x.dtype)
        steps = range(len(x))[:: -1 if way else 1]
        outputs = {}
        for t in steps:
            a, b = products[t], F.linear(h, get("weight_hh"), get("bias_hh"))
            if self.rnn.mode == "LSTM":
                i, f, g, o = (a + b).chunk(4, -1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
            elif self.rnn.mode == "GRU":
                (ar, az, an), (br, bz, bn) = a.chunk(3, -1), b.chunk(3, -1)
                z = torch.sigmoid(az + bz)
                h = (1 - z) * torch.tanh(an + torch.sigmoid(ar + br) * bn) + z * h
            else:
                h = torch.tanh(a + b) if self.rnn.mode == "RNN_TANH" else F.relu(a + b)
            outputs[t] = h
        return torch.stack([outputs[t] for t in range(len(x))]), (h, c)


def unrolled(model):
    """The same function with its recurrent layers step by step."""
    model = copy.deepcopy(model)
    for name, module in list(model.named_children()):
        if isinstance(module, nn.RNNBase):
            setattr(model, name, Unrolled(module, name))
    return model


class MLP(nn.Module):
    def __init__(self, *dims, act=F.relu):
        super().__init__()
        self.layers, self.act = nn.ModuleList(nn.Linear(i, o) for i, o in zip(dims[:-1], dims[1:])), act

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.act(layer(x))
        return self.layers[-1](x)


class HalfWeights(nn.Module):
    """Weights kept as float16 and cast where they are used."""

    def __init__(self, d=10, classes=5):
        super().__init__()
        self.up, self.down = nn.Linear(d, 24).half(), nn.Linear(24, classes).half()

    def forward(self, x):
        for module in (self.up, self.down):
            x = torch.tanh(F.linear(x, module.weight.to(x.dtype), module.bias.to(x.dtype)))
        return x


class WeightNormed(nn.Module):
    """Weights computed from others: their norm and direction apart."""

    def __init__(self, d=10, classes=5):
        super().__init__()
        self.fc1 = nn.utils.parametrizations.weight_norm(nn.Linear(d, 16))
        self.conv, self.fc2 = nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 6, 3)), nn.Linear(12, classes)

    def forward(self, x):
        x = F.mish(self.fc1(x)).view(-1, 4, 4)
        return self.fc2(F.softplus(self.conv(x)).flatten(1))


class Recommender(nn.Module):
    """Two inputs, numbers and ids; the mean of the embedded ids beside the numbers."""

    def __init__(self, numbers=6, vocab=20, d=8):
        super().__init__()
        self.embed, self.bottom = nn.Embedding(vocab, d), nn.Linear(numbers, d)
        self.top1, self.top2 = nn.Linear(2 * d, 16), nn.Linear(16, 1)

    def forward(self, x, ids):
        y = torch.cat((F.relu(self.bottom(x)), self.embed(ids).mean(1)), 1)
        return self.top2(F.relu(self.top1(y)))


class CrossAttention(nn.Module):
    """Two sequences of different lengths; queries of one, keys and values of the other."""

    def __init__(self, d=12, heads=3):
        super().__init__()
        self.inp, self.attn, self.out = nn.Linear(5, d), nn.MultiheadAttention(d, heads, kdim=7, vdim=7, batch_first=True), nn.Linear(d, 4)

    def forward(self, x, context):
        y = self.inp(x)
        return self.out((y + self.attn(y, context, context, need_weights=False)[0]).mean(1))


class WithLoss(nn.Module):
    """A classifier that returns the loss of each sample."""

    def __init__(self, *dims):
        super().__init__()
        self.net = MLP(*dims, act=F.gelu)

    def forward(self, x, labels):
        return F.cross_entropy(self.net(x), labels, reduction="none")


class SharedTwice(nn.Module):
    """One layer applied twice, and einsum with a weight of three axes."""

    def __init__(self, d=8, heads=2, classes=4):
        super().__init__()
        self.inp, self.shared, self.out = nn.Linear(6, d), nn.Linear(d, d), nn.Linear(d, classes)
        self.heads = nn.Parameter(0.4 * torch.randn(heads, d, d // heads))

    def forward(self, x):
        x = torch.tanh(self.shared(torch.tanh(self.shared(self.inp(x)))))
        x = torch.einsum("btd,hdk->bthk", x, self.heads).flatten(2)
        return self.out(F.silu(x).mean(1))


class EinsumAttention(nn.Module):
    """Attention without a reshape: weights of three axes, heads as an index of einsum; then experts, all of them weighed."""

    def __init__(self, d=12, heads=3, experts=2, classes=4):
        super().__init__()
        k = d // heads
        self.q, self.k, self.v = (nn.Parameter(0.5 * torch.randn(heads, d, k)) for _ in range(3))
        self.o, self.gate, self.out = nn.Parameter(0.4 * torch.randn(heads, k, d)), nn.Linear(d, experts), nn.Linear(d, classes)
        self.up, self.up_bias = nn.Parameter(0.3 * torch.randn(experts, d, 16)), nn.Parameter(torch.zeros(experts, 1, 16))
        self.down = nn.Parameter(0.3 * torch.randn(experts, 16, d))

    def forward(self, x):
        q, k, v = (torch.einsum("btd,hdk->bthk", x, w) for w in (self.q, self.k, self.v))
        p = torch.einsum("bthk,bshk->bhts", q, k).softmax(-1)
        x = x + torch.einsum("bthk,hkd->btd", torch.einsum("bhts,bshk->bthk", p, v), self.o)
        y = F.gelu(x.flatten(0, 1) @ self.up + self.up_bias) @ self.down
        y = (y * self.gate(x).softmax(-1).flatten(0, 1).t()[:, :, None]).sum(0)
        return self.out((x + y.view_as(x)).mean(1))
