#!/usr/bin/env python3
"""Images of many formats and sizes, and what timm's evaluation transform makes of each with Pillow. What that resizes to and
where it crops is read from fixtures/preprocess/geometry.json, where timm itself said so: timm, which needs PyTorch, is not
needed here.

    make_crops.py OUT [SEED [SIZES]]          (needs Pillow alone)

Writes OUT/<case>.<format>, OUT/<case>.crop.png and OUT/cases.json. Sizes are drawn from those of geometry.json, which go from
1 x 1 to 6000 x 4000; both ends are always among them. JPEG comes in every sampling, grey, CMYK and
progressive, PNG in every colour type, WebP lossy and lossless.
"""
import json
import random
import sys
from pathlib import Path

from PIL import Image, ImageChops

FIXTURES = Path(__file__).resolve().parents[2] / 'fixtures' / 'preprocess'
PHOTO = FIXTURES / 'large.jpg'
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


def read_geometry():
    """By the size of an image: pairs of a setting of timm's transform, and where that resizes and crops it."""
    places = {}
    for settings in json.loads((FIXTURES / 'geometry.json').read_text()):
        for width, height, *place in settings.pop('images'):
            if place[0] * place[1] <= MOST_RESIZED:
                places.setdefault((width, height), []).append((settings, place))
    return places


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


def evaluation_transform(image, settings, place):
    """timm's transforms_imagenet_eval as far as the pixels go."""
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
