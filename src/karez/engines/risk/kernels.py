"""What is done loan by loan, compiled: spreading loans, and multiplying large ones in."""

# Numba has no types to give.
# pyright: basic

from __future__ import annotations

import numba
import numpy as np

_compile = numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
_CHUNK = 64


@_compile
def add_cells(table, row, row_weight, column, column_weight):
    """Add each loan's weight to the sixteen cells of a table around it."""
    for loan in range(len(row)):
        for a in range(4):
            for b in range(4):
                table[row[loan] + a, column[loan] + b] += (
                    row_weight[loan, a] * (column_weight[loan, b])
                )


@_compile
def waves(first, weight, cosine, sine, start, stop, real, imag):
    """Fill in the transform of one spread loan, less 1, from frequency start to stop."""
    mask = len(cosine) - 1
    for k in range(start, stop):
        re, im = -1.0, 0.0
        for a in range(4):
            turn = (k * (first + a)) & mask
            re += weight[a] * cosine[turn]
            im -= weight[a] * sine[turn]
        real[k - start], imag[k - start] = re, im


@_compile
def multiply_in(real, imag, pd, first, weight, cosine, sine):
    """Multiply loans into conditional transforms (by node and frequency), each exactly.

    ``pd`` is by loan and node. A chunk of frequencies at a time stays in the cache.
    """
    nodes, frequencies = real.shape
    wave_re, wave_im = np.empty(_CHUNK), np.empty(_CHUNK)
    for start in range(0, frequencies, _CHUNK):
        stop = min(start + _CHUNK, frequencies)
        for loan in range(len(first)):
            waves(first[loan], weight[loan], cosine, sine, start, stop, wave_re, wave_im)
            for node in range(nodes):
                q = pd[loan, node]
                row_re, row_im = real[node], imag[node]
                for k in range(stop - start):
                    re, im = 1.0 + q * wave_re[k], q * wave_im[k]
                    old_re, old_im = row_re[start + k], row_im[start + k]
                    row_re[start + k] = old_re * re - old_im * im
                    row_im[start + k] = old_re * im + old_im * re


@_compile
def share_out(real, imag, pd, first, weight, cosine, sine, shares):
    """Fill in each large loan's share of a tail, in steps, from tail weights by node, frequency.

    The loan's own factor is divided out of the transform and its derivative put in its place.
    """
    nodes, frequencies = real.shape
    mask = len(cosine) - 1
    wave_re, wave_im = np.empty(_CHUNK), np.empty(_CHUNK)
    slope_re, slope_im = np.empty(_CHUNK), np.empty(_CHUNK)
    for loan in range(len(first)):
        total = 0.0
        for start in range(0, frequencies, _CHUNK):
            stop = min(start + _CHUNK, frequencies)
            waves(first[loan], weight[loan], cosine, sine, start, stop, wave_re, wave_im)
            for k in range(stop - start):
                re, im = 0.0, 0.0
                for a in range(4):
                    point = first[loan] + a
                    turn = ((start + k) * point) & mask
                    re += weight[loan, a] * point * cosine[turn]
                    im -= weight[loan, a] * point * sine[turn]
                slope_re[k], slope_im[k] = re, im
            for node in range(nodes):
                q = pd[loan, node]
                row_re, row_im = real[node], imag[node]
                part = 0.0
                for k in range(stop - start):
                    re, im = 1.0 + q * wave_re[k], q * wave_im[k]
                    scale = 1.0 / (re * re + im * im)
                    up_re = slope_re[k] * re + slope_im[k] * im
                    up_im = slope_im[k] * re - slope_re[k] * im
                    part += scale * (row_re[start + k] * up_re - row_im[start + k] * up_im)
                total += q * part
        shares[loan] = total
