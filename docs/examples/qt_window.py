"""A window of PySide6 with the cartoon of a camera or a film: qt_window.py holiday.mp4."""

import sys

import cv2
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QApplication, QLabel

from livecartoon import Cartoonizer


class Player(QLabel):
    def __init__(self, source):
        super().__init__()
        self.capture = cv2.VideoCapture(source)
        self.toon = Cartoonizer(style="shinkai", color="bgr", temporal=True)
        self.timer = QTimer(self)
        self.timer.timeout.connect(self.next_frame)
        self.timer.start(33)

    def next_frame(self):
        is_there, frame = self.capture.read()
        if not is_there:
            return self.timer.stop()
        drawn = self.toon(frame)
        height, width, _ = drawn.shape
        image = QImage(drawn.data, width, height, 3 * width, QImage.Format.Format_BGR888)
        self.setPixmap(QPixmap.fromImage(image))


if __name__ == "__main__":
    app = QApplication(sys.argv)
    player = Player(sys.argv[1] if len(sys.argv) > 1 else 0)
    player.show()
    sys.exit(app.exec())
