"""The service that is generated around an artifact, in modules that run with or without gitmodel.

The folder is copied into each package beside ``gitmodel/artifacts/portable``, under the same relative
places; so its modules import relatively, and nothing of gitmodel but those two folders.
"""
