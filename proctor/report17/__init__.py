"""The report on mô hình 17 and its pictures: which sessions count, what they come to, and the files."""
