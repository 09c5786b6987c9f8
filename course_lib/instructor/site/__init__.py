"""The course as a website that needs no kernel and no network: `python -m course_lib.instructor.site`.

`explorables` makes the widgets live without Python, `lessons` renders the notebooks, `pages` the texts; `build` puts
them together. Everything in the result is a plain file with relative addresses, so that it works from a folder, a USB
stick or any static host.
"""
