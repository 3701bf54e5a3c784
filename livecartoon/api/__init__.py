"""The Python face of the program: arrays, files, cameras, engines and their speed."""
