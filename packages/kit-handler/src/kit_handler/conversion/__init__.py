"""Conversion: texts and JSON become values by annotation, checked on the way.

annotations: the kind of an annotation, and the fields of a class; metadata: the objects in `Annotated`, by their words
scalars, dates, bodies, unions: the loaders of texts and JSON; checks, samples: the checks behind a loader
converters: the texts of a path; texts: the characters that nothing can keep; validation: wrong values
"""
