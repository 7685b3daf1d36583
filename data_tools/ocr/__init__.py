"""Text of scans and photographs. :mod:`.worker` recognises it in an environment of its own
(``requirements/ocr.txt``), :mod:`.engine` asks it page by page and keeps what it said,
:mod:`.pages` sets the characters where the PDF reader wants them. Handwriting is not read.
"""
