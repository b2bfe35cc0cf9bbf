"""Embeds a folder of JPEGs with halonet50ts, alternating between halonet and timm as a user would run it (a DataLoader,
channels_last, torch.compile with freezing). Prints images/s of both, without their startup, and the median of their
ratio over all rounds.

    compare.py BIN [ROUNDS]      BIN: bin/halonet.cjs, built

The weights are random: speed does not depend on them."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import timm
import torch
import torch._inductor.config
from PIL import Image
from safetensors.torch import save_file
from timm.data import create_transform

IMAGES, START, BATCH = 128, 16, 8  # timed images, images before them, batch size of timm
SIZE = (640, 480)


def write_photos(folder, count, seed):
    """JPEGs of about 85 kB: smooth colours with the noise of a sensor."""
    random = np.random.default_rng(seed)
    os.makedirs(folder)
    for i in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (30, 40, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize(SIZE, Image.BICUBIC), dtype=np.float32)
        noisy = (smooth + random.normal(0, 7, smooth.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(f'{folder}/{i:04d}.jpg', quality=88)


def write_checkpoint(model, folder):
    os.makedirs(folder)
    save_file(model.state_dict(), f'{folder}/model.safetensors')
    known = ('input_size', 'mean', 'std', 'crop_pct', 'interpolation')
    pretrained = {name: model.pretrained_cfg[name] for name in known}
    config = {'architecture': 'halonet50ts', 'num_classes': 1000, 'pretrained_cfg': pretrained}
    with open(f'{folder}/config.json', 'w') as file:
        json.dump(config, file)


class Photos(torch.utils.data.Dataset):
    def __init__(self, folder, transform):
        self.paths = sorted(os.path.join(folder, name) for name in os.listdir(folder))
        self.transform = transform

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        return self.transform(Image.open(self.paths[i]).convert('RGB'))


def timm_rate(model, photos, cores):
    """Images/s from the end of the first batch."""
    loader = torch.utils.data.DataLoader(photos, batch_size=BATCH, num_workers=cores)
    done = 0
    with torch.no_grad():
        for batch in loader:
            model(batch.contiguous(memory_format=torch.channels_last))
            if done == 0:
                first, begun = len(batch), time.perf_counter()
            done += len(batch)
    return (done - first) / (time.perf_counter() - begun)


def embed_seconds(halonet, checkpoint, photos, output, *flags):
    command = [*halonet, 'embed', photos, '--model', checkpoint, '--output', output, '--overwrite', '--quiet', '--device', 'cpu', *flags]
    begun = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - begun


def main(halonet, rounds, folder):
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    few, all_photos, checkpoint = f'{folder}/few', f'{folder}/all', f'{folder}/checkpoint'
    write_photos(few, START, 1)
    write_photos(all_photos, START + IMAGES, 2)
    model = timm.create_model('halonet50ts', num_classes=1000).eval()
    write_checkpoint(model, checkpoint)
    wanted = model.pretrained_cfg
    transform = create_transform(
        input_size=wanted['input_size'], interpolation=wanted['interpolation'], crop_pct=wanted['crop_pct'], mean=wanted['mean'], std=wanted['std']
    )
    torch._inductor.config.freezing = True
    compiled = torch.compile(model.to(memory_format=torch.channels_last))
    with torch.no_grad():
        compiled(torch.randn(BATCH, 3, 256, 256).contiguous(memory_format=torch.channels_last))
    embed_seconds(halonet, checkpoint, few, f'{folder}/e.npy', '--precision', 'int8')  # calibrates once
    rates = {'halonet': [], 'halonet --precision int8': [], 'timm, torch.compile': []}
    for turn in range(rounds):
        for name, flags in (('halonet', ()), ('halonet --precision int8', ('--precision', 'int8'))):
            start = embed_seconds(halonet, checkpoint, few, f'{folder}/e.npy', *flags)
            rates[name].append(IMAGES / (embed_seconds(halonet, checkpoint, all_photos, f'{folder}/e.npy', *flags) - start))
        rates['timm, torch.compile'].append(timm_rate(compiled, Photos(all_photos, transform), cores))
        print(f'round {turn + 1}: ' + ', '.join(f'{name} {values[-1]:.2f}' for name, values in rates.items()), flush=True)
    peer = rates['timm, torch.compile']
    for name, values in rates.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(values, peer))
        print(f'{name:26} {statistics.median(values):6.2f} images/s, {ratio:.2f} times timm')


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as folder:
        main(['node', os.path.abspath(sys.argv[1])], int(sys.argv[2]) if len(sys.argv) > 2 else 5, folder)
