"""Says in words what a picture looks like, for models that cannot see."""

from PIL import Image

COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "red": (220, 30, 30),
    "orange": (255, 140, 0),
    "yellow": (250, 220, 30),
    "green": (30, 150, 50),
    "cyan": (0, 200, 200),
    "blue": (30, 60, 220),
    "purple": (130, 40, 160),
    "pink": (255, 150, 190),
    "brown": (120, 70, 30),
}


def describe(picture: Image.Image) -> str:
    """Tells size and main colours, as in "It is 40 pixels wide and 30 pixels high, mostly red (75 %) and blue (25 %)."."""
    seen = [f"{name} ({share} %)" for name, share in main_colours(picture)]
    colours = " and ".join([", ".join(seen[:-1]), seen[-1]] if len(seen) > 1 else seen)
    return f"It is {picture.width} pixels wide and {picture.height} pixels high, mostly {colours}."


def main_colours(picture: Image.Image) -> list[tuple[str, int]]:
    """The most frequent colours, at most three, each with its share of the picture in percent."""
    # Shrunk, so that a large photograph costs no more than a small one; on white, as pages are.
    small = picture.convert("RGBA")
    small.thumbnail((64, 64), Image.Resampling.NEAREST)
    opaque = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small).convert("RGB")

    counts = dict.fromkeys(COLOURS, 0)
    for count, colour in opaque.getcolors(maxcolors=64 * 64) or []:
        counts[nearest(colour)] += count
    total = opaque.width * opaque.height
    shares = sorted(((name, round(100 * count / total)) for name, count in counts.items()), key=lambda pair: -pair[1])
    return [shares[0], *[pair for pair in shares[1:3] if pair[1] >= 10]]


def nearest(colour: tuple[int, int, int]) -> str:
    def distance(name: str) -> int:
        return sum((a - b) ** 2 for a, b in zip(colour, COLOURS[name], strict=True))

    return min(COLOURS, key=distance)
