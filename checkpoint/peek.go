package checkpoint

// Peek reads a file's metadata and nothing else, in a moment however long the file is. The digest
// is not checked: it is for listings, and nothing that it returns is to be relied on. A file
// without metadata has none, which is no error.
func Peek(path string) (map[string]string, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, at(path, err)
	}
	defer f.Close()
	head, err := readHead(f, size)
	if err != nil {
		return nil, at(path, err)
	}
	h, err := parseHeader(head[8:])
	if err != nil {
		return nil, at(path, err)
	}
	return h.metadata, nil
}
