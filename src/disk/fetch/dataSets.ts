/**
 * @file The data sets of `crh data get`: addresses of their publishers and checksums. A downloaded file is used only if
 * its checksum matches, so that any mirror is safe.
 */

export interface Checksum {
  readonly kind: "md5" | "sha256";
  readonly hex: string;
}

export interface RemoteFile {
  readonly url: string;
  readonly checksum: Checksum;
  /** Name in the folder. */
  readonly name: string;
  /** Members of a .tar.gz that are kept, under their base names, instead of the archive. */
  readonly members?: readonly string[];
}

export interface RemoteSet {
  readonly name: string;
  readonly summary: string;
  /** Source of the checksums. */
  readonly source: string;
  readonly files: readonly RemoteFile[];
}

/** chosen: far above any file of these sets, compressed or not. */
export const MAX_FILE_BYTES = 2 ** 29;

const toronto = "https://www.cs.toronto.edu/~kriz";
const mnist = "https://ossci-datasets.s3.amazonaws.com/mnist";
const gpt2 = "https://openaipublic.blob.core.windows.net/gpt-2/encodings/main";

function archive(url: string, md5: string, members: readonly string[]): RemoteFile {
  return { url, checksum: { kind: "md5", hex: md5 }, name: url.slice(url.lastIndexOf("/") + 1), members };
}

function file(base: string, name: string, kind: Checksum["kind"], hex: string, as = name): RemoteFile {
  return { url: `${base}/${name}`, checksum: { kind, hex }, name: as };
}

export const remoteSets: readonly RemoteSet[] = [
  {
    name: "cifar10",
    summary: "60,000 colour images, 10 classes (162 MB)",
    source: "md5 from www.cs.toronto.edu/~kriz/cifar.html",
    files: [
      archive(
        `${toronto}/cifar-10-binary.tar.gz`,
        "c32a1d4ab5d03f1284b67883e8d87530",
        [1, 2, 3, 4, 5]
          .map((i) => `data_batch_${i}.bin`)
          .concat("test_batch.bin", "batches.meta.txt")
          .map((name) => `cifar-10-batches-bin/${name}`),
      ),
    ],
  },
  {
    name: "cifar100",
    summary: "60,000 colour images, 100 classes (161 MB)",
    source: "md5 from www.cs.toronto.edu/~kriz/cifar.html",
    files: [
      archive(
        `${toronto}/cifar-100-binary.tar.gz`,
        "03b5dce01913d631647c71ecec9e9cb8",
        ["train.bin", "test.bin", "fine_label_names.txt", "coarse_label_names.txt"].map(
          (name) => `cifar-100-binary/${name}`,
        ),
      ),
    ],
  },
  {
    name: "mnist",
    summary: "70,000 handwritten digits, IDX (12 MB)",
    source: "PyTorch's copy and md5 (torchvision.datasets.MNIST); the publisher's own page is no longer served",
    files: [
      file(mnist, "train-images-idx3-ubyte.gz", "md5", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
      file(mnist, "train-labels-idx1-ubyte.gz", "md5", "d53e105ee54ea40749a09fcbcd1e9432"),
      file(mnist, "t10k-images-idx3-ubyte.gz", "md5", "9fb629c4189551a2d022fa330f9573f3"),
      file(mnist, "t10k-labels-idx1-ubyte.gz", "md5", "ec29112dd5afa0611ce80d1b7f02629c"),
    ],
  },
  {
    name: "tinyshakespeare",
    summary: "plays of Shakespeare, text (1.1 MB)",
    source: "the author's repository states none; sha256 of the file as it has been since 2015",
    files: [
      file(
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare",
        "input.txt",
        "sha256",
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        "tinyshakespeare.txt",
      ),
    ],
  },
  {
    name: "gpt2-bpe",
    summary: "GPT-2's tokenizer, two files (1.5 MB)",
    source: "address and sha256 from OpenAI's tiktoken",
    files: [
      file(gpt2, "encoder.json", "sha256", "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783"),
      file(gpt2, "vocab.bpe", "sha256", "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"),
    ],
  },
];
