def _load_pyfunc(data_path):
    return None
