#!/usr/bin/env python3
"""Writes images of many formats and sizes, and the result of timm's evaluation transform with Pillow for each. Where it
resizes and crops is read from fixtures/preprocess/geometry.json, which timm itself produced, so timm and PyTorch are
not needed here.

    make_crops.py OUT [SEED [SIZES]]          (needs only Pillow)

Writes OUT/<case>.<format>, OUT/<case>.crop.png and OUT/cases.json. Draws sizes from those in geometry.json, which range
from 1 x 1 to 6000 x 4000; both of these are always included. Covers JPEG in every subsampling, grey, CMYK and
progressive, PNG in every colour type, and WebP lossy and lossless.
"""
import json
import random
import sys
from pathlib import Path

from PIL import Image, ImageChops

FIXTURES = Path(__file__).resolve().parents[2] / 'fixtures' / 'preprocess'
PHOTO = FIXTURES / 'large.jpg'
LARGEST = (6000, 4000)
MOST_RESIZED = 40_000_000  # pixels of a resized image, from which the crop is cut
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


def read_geometry():
    """Maps image sizes to pairs: a setting of timm's transform, and where it resizes and crops."""
    places = {}
    for settings in json.loads((FIXTURES / 'geometry.json').read_text()):
        for width, height, *place in settings.pop('images'):
            if place[0] * place[1] <= MOST_RESIZED:
                places.setdefault((width, height), []).append((settings, place))
    return places


def picture(photo, size, chance):
    """Resizes part of a photo and adds noise, for sharp edges and smooth areas at every size."""
    left, top = chance.randrange(photo.width // 2), chance.randrange(photo.height // 2)
    part = photo.crop((left, top, left + chance.randrange(8, photo.width // 2), top + chance.randrange(8, photo.height // 2)))
    image = part.resize(size, Image.BILINEAR)
    small = tuple(max(1, side // chance.choice([1, 1, 2, 8])) for side in size)
    noise = Image.merge('RGB', [Image.frombytes('L', small, chance.randbytes(small[0] * small[1])) for _ in range(3)])
    return ImageChops.blend(image, noise.resize(size, Image.NEAREST), chance.choice([0, 0.1, 0.5]))


def resize(image, size, resample):
    """Resizes like Pillow 12.2 with any Pillow: vertically first for a very tall image that becomes shorter."""
    if image.height > 100 * image.width and size[1] < image.height:
        image = image.resize((image.width, size[1]), resample)
    return image.resize(size, resample)


def evaluation_transform(image, settings, place):
    """The part of timm's transforms_imagenet_eval that produces pixels."""
    width, height, left, top = place
    image = image.convert('RGB')
    if image.size != (width, height):
        image = resize(image, (width, height), FILTERS[settings['filter']])
    output = Image.new('RGB', (settings['width'], settings['height']), tuple(settings['fill'] or (0, 0, 0)))
    output.paste(image, (-left, -top))
    return output


def main(out, seed=1, sizes=40):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    chance = random.Random(int(seed))
    photo = Image.open(PHOTO).convert('RGB')
    cases = []
    places = read_geometry()
    others = sorted(places.keys() - {(1, 1), LARGEST})
    drawn = [(1, 1), LARGEST] + chance.sample(others, min(int(sizes) - 2, len(others)))
    for number, (width, height) in enumerate(drawn):
        image = picture(photo, (width, height), chance)
        for name, (extension, mode, options) in FORMATS.items():
            settings, place = chance.choice(places[width, height])
            file = f'{number:02}-{width}x{height}-{name}.{extension}'
            stored = image.convert(mode)
            if mode == 'RGBA':
                stored.putalpha(stored.getchannel('R'))
            stored.save(out / file, **options)
            with Image.open(out / file) as opened:
                evaluation_transform(opened, settings, place).save(out / f'{file}.crop.png', compress_level=1)
            cases.append(dict(file=file, **settings))
    (out / 'cases.json').write_text(json.dumps(cases, indent=1))


main(*sys.argv[1:])
