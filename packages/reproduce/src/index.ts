// Filled by the concepts of this package.
