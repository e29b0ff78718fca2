"""``python -m napari_scribblemix``: the command line where the script is not on the path."""

from napari_scribblemix.cli.app import main

if __name__ == "__main__":
    raise SystemExit(main())
