"""The shipped sample: exports of an invented company and its partners, and the generator that made them."""
