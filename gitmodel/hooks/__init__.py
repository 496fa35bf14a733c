"""What the git hooks do; the shims in the top-level ``hooks/`` start them.

``pre_receive`` must answer within a few milliseconds, so it and the modules that it always loads
(``tag_rules``, ``loose``) import nothing but ``os``, ``sys`` and ``zlib`` before they need more.
"""
