"""Loading and predicting, in modules that run with or without gitmodel.

The folder is copied into each packaged service, where gitmodel is not installed. So its modules import
each other relatively and nothing else of gitmodel, raise `Problem` instead of gitmodel's errors, and
import what is heavy or optional where it is used.
"""
