"""Images and labels as arrays with a geometry: files, label schemes, scribbles, resampling."""
