#!/usr/bin/env python3
"""Images of many formats and sizes, and what timm's evaluation transform makes of each with Pillow.

    make_crops.py OUT [SEED [SIZES]]          (needs Pillow alone)

Writes OUT/<case>.<format>, OUT/<case>.crop.png and OUT/cases.json. Sizes are drawn from 1 x 1 to 6000 x 4000, so that each
power of two is as likely as another; both ends are always among them. JPEG comes in every sampling, grey, CMYK and
progressive, PNG in every colour type, WebP lossy and lossless.
"""
import json
import random
import sys
from pathlib import Path

from PIL import Image, ImageChops

PHOTO = Path(__file__).resolve().parents[2] / 'fixtures' / 'preprocess' / 'large.jpg'
LARGEST = (6000, 4000)
MOST_RESIZED = 40_000_000  # pixels of a resized image, of which the crop is cut
FILTERS = {'bicubic': Image.BICUBIC, 'bilinear': Image.BILINEAR}

# name: (extension, mode, options of Pillow's save)
FORMATS = {
    'jpeg-444': ('jpg', 'RGB', dict(quality=92, subsampling='4:4:4')),
    'jpeg-422': ('jpg', 'RGB', dict(quality=85, subsampling='4:2:2')),
    'jpeg-420': ('jpg', 'RGB', dict(quality=75, subsampling='4:2:0')),
    'jpeg-progressive': ('jpg', 'RGB', dict(quality=80, progressive=True)),
    'jpeg-grey': ('jpg', 'L', dict(quality=80)),
    'jpeg-cmyk': ('jpg', 'CMYK', dict(quality=90)),
    'png-rgb': ('png', 'RGB', dict(compress_level=1)),
    'png-rgba': ('png', 'RGBA', dict(compress_level=1)),
    'png-grey': ('png', 'L', dict(compress_level=1)),
    'png-palette': ('png', 'P', dict(compress_level=1)),
    'webp-lossy': ('webp', 'RGB', dict(quality=80, method=0)),
    'webp-lossless': ('webp', 'RGB', dict(lossless=True, quality=0, method=0)),
}

# What halonet is told: --image-size, --crop-pct, --crop-mode, --interpolation.
SETTINGS = [
    dict(size=256, pct=0.94, mode='center', interpolation='bicubic'),
    dict(size=256, pct=0.94, mode='center', interpolation='bicubic'),
    dict(size=224, pct=0.95, mode='center', interpolation='bilinear'),
    dict(size=256, pct=0.875, mode='squash', interpolation='bicubic'),
    dict(size=160, pct=1.0, mode='squash', interpolation='bilinear'),
]


def draw_size(chance):
    while True:
        width, height = (round(2 ** chance.uniform(0, limit.bit_length())) for limit in LARGEST)
        narrow = min(width, height)
        if width <= LARGEST[0] and height <= LARGEST[1] and width * height * (280 / narrow) ** 2 <= MOST_RESIZED:
            return width, height


def picture(photo, size, chance):
    """Part of a photo, enlarged or reduced, with noise: sharp edges and smooth areas, in every size."""
    left, top = chance.randrange(photo.width // 2), chance.randrange(photo.height // 2)
    part = photo.crop((left, top, left + chance.randrange(8, photo.width // 2), top + chance.randrange(8, photo.height // 2)))
    image = part.resize(size, Image.BILINEAR)
    small = tuple(max(1, side // chance.choice([1, 1, 2, 8])) for side in size)
    noise = Image.merge('RGB', [Image.frombytes('L', small, chance.randbytes(small[0] * small[1])) for _ in range(3)])
    return ImageChops.blend(image, noise.resize(size, Image.NEAREST), chance.choice([0, 0.1, 0.5]))


def resize(image, size, resample):
    """Pillow's since 12.2, with any Pillow: a very tall image that becomes less tall goes through its vertical pass first."""
    if image.height > 100 * image.width and size[1] < image.height:
        image = image.resize((image.width, size[1]), resample)
    return image.resize(size, resample)


def evaluation_transform(image, size, pct, mode, interpolation):
    """timm's transforms_imagenet_eval as far as the pixels go, for square inputs."""
    scale = int(size / pct)
    width, height = image.size
    if mode == 'squash':
        resized = (scale, scale)
    elif width <= height:
        resized = (scale, int(scale * height / width))
    else:
        resized = (int(scale * width / height), scale)
    image = resize(image.convert('RGB'), resized, FILTERS[interpolation])
    left, top = (int(round((side - size) / 2)) for side in resized)
    return image.crop((left, top, left + size, top + size))


def main(out, seed=1, sizes=40):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    chance = random.Random(int(seed))
    photo = Image.open(PHOTO).convert('RGB')
    cases = []
    drawn = [(1, 1), LARGEST] + [draw_size(chance) for _ in range(int(sizes) - 2)]
    for number, (width, height) in enumerate(drawn):
        image = picture(photo, (width, height), chance)
        for name, (extension, mode, options) in FORMATS.items():
            settings = chance.choice(SETTINGS)
            file = f'{number:02}-{width}x{height}-{name}.{extension}'
            stored = image.convert(mode)
            if mode == 'RGBA':
                stored.putalpha(stored.getchannel('R'))
            stored.save(out / file, **options)
            with Image.open(out / file) as opened:
                evaluation_transform(opened, **settings).save(out / f'{file}.crop.png', compress_level=1)
            cases.append(dict(file=file, **settings))
    (out / 'cases.json').write_text(json.dumps(cases, indent=1))


main(*sys.argv[1:])
