"""Other people's formats (标准与编码): pure codecs that know neither Django nor a database."""
