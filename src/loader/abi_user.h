/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader/abi.h for user space. */
#ifndef LOADER_ABI_USER_H
#define LOADER_ABI_USER_H

#include <stdint.h>

typedef uint8_t abi_u8;
typedef uint16_t abi_u16;
typedef uint32_t abi_u32;
typedef uint64_t abi_u64;

#include "loader/abi.h"

#endif
