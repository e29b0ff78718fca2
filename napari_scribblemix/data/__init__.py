"""Images and labels as arrays with a geometry: files, label schemes, scribbles, resampling."""

from napari_scribblemix.data.nibabel_alone import keep_pydicom_out

keep_pydicom_out()
