"""How much of a picture's detail an attacker who knows the blur can recover.

Details are structures with 6 to 20 periods on the shorter side: features of a face that fills the picture, strokes of
large letters. The measure is the correlation of these details with the sharp picture, from 0 to 1, after the best of
several Wiener deconvolutions, one for each assumed blur and noise level.
"""

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Grey = npt.NDArray[np.float64]

NOISES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
FEWEST_PERIODS, MOST_PERIODS = 6, 20


def luma(image: Image.Image) -> Grey:
    """Return an image's luma as numbers."""
    return np.asarray(image.convert("L"), np.float64)


def gaussian(shape: tuple[int, ...], sigma: float) -> Grey:
    """Return the transfer function of a Gaussian of ``sigma`` px."""
    down, across = np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None, :]
    return np.exp(-2 * (np.pi * sigma) ** 2 * (down**2 + across**2))


def box(shape: tuple[int, ...], cell: tuple[float, float]) -> Grey:
    """Return the transfer function of a mean over ``cell`` px, width and height."""
    return np.sinc(np.fft.fftfreq(shape[0]) * cell[1])[:, None] * np.sinc(np.fft.fftfreq(shape[1]) * cell[0])[None, :]


def details_left(sharp: Grey, seen: Grey, blurs: Sequence[Grey]) -> float:
    """Return the correlation between the details of ``sharp`` and the best deconvolution of ``seen``."""
    wanted = _details(sharp)
    spectrum = np.fft.fft2(seen)
    guesses = [seen] + [
        np.fft.ifft2(spectrum * blur / (blur**2 + noise)).real for blur, noise in product(blurs, NOISES)
    ]
    return max(_correlation(wanted, _details(guess)) for guess in guesses)


def _details(grey: Grey) -> Grey:
    shorter = min(grey.shape)
    down, across = (np.fft.fftfreq(side) * shorter for side in grey.shape)
    periods = np.hypot(down[:, None], across[None, :])
    spectrum = np.fft.fft2(grey)
    spectrum[(periods < FEWEST_PERIODS) | (periods > MOST_PERIODS)] = 0
    return np.fft.ifft2(spectrum).real


def _correlation(one: Grey, other: Grey) -> float:
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / scale if scale > 1e-6 else 0.0


# --- many frames of one scene


def shifted_cells(scene: Grey, shift: Sequence[int], cells: int) -> Grey:
    """Return the mosaic of a square scene after the camera moved by ``shift`` px, down and across."""
    side = scene.shape[0] // cells
    moved = np.roll(scene, (-shift[0], -shift[1]), (0, 1))
    return moved.reshape(cells, side, cells, side).mean((1, 3))


def from_many_frames(mosaics: Iterable[Grey], shifts: Iterable[Sequence[int]], side: int, *, steps: int) -> Grey:
    """Return the scene that best explains the mosaics of all frames, given the camera's path (Landweber iteration)."""
    frames = list(zip(mosaics, shifts, strict=True))
    cells = frames[0][0].shape[0]
    block = np.ones((side // cells, side // cells))
    guess = np.full((side, side), float(np.mean([mosaic for mosaic, _ in frames])))
    for _ in range(steps):
        error = np.zeros_like(guess)
        for mosaic, shift in frames:
            error += np.roll(np.kron(mosaic - shifted_cells(guess, shift, cells), block), tuple(shift), (0, 1))
        guess += 1.8 * error / len(frames)
    return guess


# --- pictures with details


def figure(side: int = 480) -> Image.Image:
    """Return a drawn face that fills the picture."""
    image = Image.new("RGB", (side, side), (180, 170, 150))
    canvas = ImageDraw.Draw(image)

    def at(*places: float) -> tuple[float, ...]:
        return tuple(place * side for place in places)

    canvas.ellipse(at(0.22, 0.1, 0.78, 0.92), fill=(225, 180, 150))
    canvas.pieslice(at(0.2, 0.04, 0.8, 0.62), 180, 360, fill=(70, 45, 30))
    for eye in (0.38, 0.62):
        canvas.ellipse(at(eye - 0.06, 0.42, eye + 0.06, 0.48), fill="white")
        canvas.ellipse(at(eye - 0.025, 0.425, eye + 0.025, 0.475), fill=(50, 70, 60))
        canvas.rectangle(at(eye - 0.07, 0.37, eye + 0.07, 0.39), fill=(70, 45, 30))
    canvas.polygon(at(0.5, 0.48, 0.46, 0.62, 0.54, 0.62), fill=(200, 150, 125))
    canvas.ellipse(at(0.4, 0.7, 0.6, 0.77), fill=(170, 60, 60))
    canvas.line(at(0.41, 0.735, 0.59, 0.735), fill=(90, 20, 20), width=max(1, side // 160))
    return image


def pin(width: int = 640, height: int = 320) -> Image.Image:
    """Return four large digits on paper."""
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).text((width // 16, height // 16), "4071", fill="black", font_size=height * 13 // 16)
    return image
