"""The least time a frame can take, from counted work and measured peaks."""

import pytest
import torch
from torch import nn

from benchmarks.roofline import Peaks, Work, count_work, measure_peaks
from livecartoon.models.student import STUDENTS, Student


def test_count_work_of_single_layers_then_what_paper_and_pencil_say():
    photo = torch.zeros(1, 8, 10, 6)
    assert count_work(nn.Conv2d(8, 4, 3, padding=1), [photo]) == Work(
        10 * 6 * 4 * 8 * 9, 4 * (4 * 8 * 9 + 8 * 60 + 4 * 60)
    )
    grouped = nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8)
    assert count_work(grouped, [photo]).macs == 5 * 3 * 8 * 9
    doubling = nn.ConvTranspose2d(8, 4, 2, stride=2)
    assert count_work(doubling, [photo]).macs == 10 * 6 * 8 * 4 * 4
    assert count_work(nn.Linear(8, 3), [torch.zeros(5, 8)]).macs == 5 * 8 * 3


def test_count_work_of_a_student_then_the_ladders():
    student = Student(STUDENTS["small"]).fuse().eval()
    work = count_work(student, [torch.zeros(1, 360, 640, 3)])
    assert work.macs / 1e9 == pytest.approx(0.92, rel=0.04)


def test_least_time_then_the_slower_of_arithmetic_and_memory():
    peaks = Peaks(flops=100e9, bandwidth=10e9)
    assert peaks.least_s(Work(macs=10**9, bytes=10**6)) == pytest.approx(0.02)
    assert peaks.least_s(Work(macs=10**6, bytes=10**9)) == pytest.approx(0.1)


def test_measure_peaks_then_of_a_processor_of_this_century():
    peaks = measure_peaks(1, rounds=2)
    assert 1e9 < peaks.flops < 1e14
    assert 1e8 < peaks.bandwidth < 1e13
