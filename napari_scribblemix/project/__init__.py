"""The project folder on disk, and the folders of others that can be read like one."""
