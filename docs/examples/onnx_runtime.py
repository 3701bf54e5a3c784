"""An exported style in ONNX Runtime: onnx_runtime.py style.onnx photo.png drawing.png."""

import sys

import cv2
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
height, width = session.get_inputs()[0].shape[1:3]
photo = cv2.resize(cv2.imread(sys.argv[2]), (width, height))
frame = np.ascontiguousarray(photo[None, ..., ::-1])  # RGB uint8 (1, H, W, 3)
look = np.array([1, 1, 0, 1], np.float32)  # ink, strength, keep-color, vivid
(cartoon,) = session.run(["cartoon"], {"frame": frame, "look": look})
cv2.imwrite(sys.argv[3], cartoon[0, ..., ::-1])
