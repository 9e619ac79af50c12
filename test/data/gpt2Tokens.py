"""Writes gpt2Tokens.json: texts and the tokens that tiktoken gives them with GPT-2's files, for bytePairTokenizer.test.ts.

Run with tiktoken and a folder that holds encoder.json and vocab.bpe: python test/data/gpt2Tokens.py FOLDER
"""
import json
import os
import sys

import tiktoken
from tiktoken.load import data_gym_to_mergeable_bpe_ranks

folder = sys.argv[1]
ranks = data_gym_to_mergeable_bpe_ranks(os.path.join(folder, "vocab.bpe"), os.path.join(folder, "encoder.json"))
gpt2 = tiktoken.Encoding("gpt2", explicit_n_vocab=50257, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 50256},
                         pat_str=r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""")
texts = [
    "Hello, world!", "", " ", "a", "  leading and trailing  ", "It's they'll we've I'd you're I'm 'tis DON'T",
    "tabs\t\tand\nlines\r\n\n\n  indented\n", "12345 3.14159 1,000,000 ٣٤٥ Ⅷ ½", "naïve façade Ångström ñ e\u0301",
    "Привет мир, 你好世界 こんにちは 안녕하세요 שלום مرحبا नमस्ते", "👩‍👩‍👧‍👦🏳️‍🌈 🙂🙃 \U0001f9ec", "∑ x² ≤ ∞ → ∂ℝ",
    "\ufeffbyte-order mark", "no\u00a0break thin\u2009space next\u0085line ideographic\u3000space zero\u200bwidth",
    "line\u2028sep\u2029par\x0bvt\x0cff\x1cfs\x1fus", "<|endoftext|>", "one<|endoftext|>two <|endoftext|>\n", "<|endoftext|",
    "a" * 300, "ab" * 200, " " * 100 + "x", "\n" * 50, "!" * 70, "x\x00y\x7fz", "𝕳𝖊𝖑𝖑𝖔 𐍈 𒀀",
    "def f(x):\n    return {k: v for k, v in x.items()}  # comment\n", "https://example.org/a?b=c&d=%20#e", "'S 'LL ''s s' 'd",
    "\u0301combining first", "mixed123abc_456-def", "�replacement�",
]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "gpt2Tokens.json"), "w") as out:
    json.dump([{"text": t, "tokens": gpt2.encode(t, allowed_special="all")} for t in texts], out)
    out.write("\n")
if len(sys.argv) > 2:  # tokens of a whole file as raw int32, to compare by hand
    import numpy as np

    text = open(sys.argv[2], encoding="utf-8", newline="").read()
    np.array(gpt2.encode(text, allowed_special="all"), "<i4").tofile(sys.argv[3])
